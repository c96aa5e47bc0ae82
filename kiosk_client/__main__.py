"""`python -m kiosk_client` is `examroom-kiosk`."""

from kiosk_client.cli import main

if __name__ == "__main__":
    main()
