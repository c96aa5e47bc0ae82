"""`python -m appliance.cli`: the command where no script of that name is on the path."""

from appliance.cli import main

if __name__ == "__main__":
    main()
