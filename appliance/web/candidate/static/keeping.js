// What this computer keeps: unsent changes, the newest responses, and the exam itself.
//
// IndexedDB with durability "strict": a write that is reported done has been flushed.  A change is
// removed only once the box has acknowledged it, and, where there is another box, that one has it.

const NAME = "examroom";
const VERSION = 1;

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** Open what this computer keeps. */
export async function openKeeping() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const database = request.result;
    database.createObjectStore("facts");
    database.createObjectStore("changes", { keyPath: ["attempt", "no"] });
    database.createObjectStore("responses", { keyPath: ["attempt", "item", "response"] });
    database.createObjectStore("uploads", { keyPath: ["attempt", "sha256"] });
  };
  const database = await asked(request);
  if (navigator.storage?.persist) navigator.storage.persist();
  return new Keeping(database);
}

class Keeping {
  #database;

  constructor(database) {
    this.#database = database;
  }

  #write(...stores) {
    return this.#database.transaction(stores, "readwrite", { durability: "strict" });
  }

  /** Return a fact by name, or undefined. */
  fact(name) {
    return asked(this.#database.transaction("facts").objectStore("facts").get(name));
  }

  /** Keep a fact. */
  async setFact(name, value) {
    const transaction = this.#write("facts");
    transaction.objectStore("facts").put(value, name);
    await finished(transaction);
  }

  /** Forget a fact. */
  async dropFact(name) {
    const transaction = this.#write("facts");
    transaction.objectStore("facts").delete(name);
    await finished(transaction);
  }

  /** Keep a change, and the response it makes, in one transaction. */
  async keepChange(change) {
    const transaction = this.#write("changes", "responses");
    transaction.objectStore("changes").put(change);
    if (change.kind === "response") {
      const { attempt, item, response, value } = change;
      transaction.objectStore("responses").put({ attempt, item, response, value });
    }
    await finished(transaction);
  }

  /** Keep a file until the box has it. */
  async keepUpload(attempt, sha256, file) {
    const transaction = this.#write("uploads");
    transaction.objectStore("uploads").put({ attempt, sha256, file });
    await finished(transaction);
  }

  /** Return the files of an attempt that the box does not have yet. */
  uploads(attempt) {
    const range = IDBKeyRange.bound([attempt], [attempt, []]);
    return asked(this.#database.transaction("uploads").objectStore("uploads").getAll(range));
  }

  /** Forget a file: the box has it. */
  async dropUpload(attempt, sha256) {
    const transaction = this.#write("uploads");
    transaction.objectStore("uploads").delete([attempt, sha256]);
    await finished(transaction);
  }

  /** Return the changes of an attempt that are not acknowledged, in order. */
  changes(attempt) {
    const range = IDBKeyRange.bound([attempt, 0], [attempt, Infinity]);
    return asked(this.#database.transaction("changes").objectStore("changes").getAll(range));
  }

  /** Return every change that is kept, of whichever attempt. */
  allChanges() {
    return asked(this.#database.transaction("changes").objectStore("changes").getAll());
  }

  /** Forget the changes up to and including number `no`: they are where they need to be. */
  async forgetChanges(attempt, no) {
    const transaction = this.#write("changes");
    transaction.objectStore("changes").delete(IDBKeyRange.bound([attempt, 0], [attempt, no]));
    await finished(transaction);
  }

  /** Keep the responses the box has, except where a change after `acknowledged` is newer. */
  async keepResponses(attempt, responses, acknowledged) {
    const changes = (await this.changes(attempt)).filter((one) => one.no > acknowledged);
    const unsent = new Set(changes.map((one) => `${one.item} ${one.response}`));
    const transaction = this.#write("responses");
    const store = transaction.objectStore("responses");
    for (const one of responses) {
      if (!unsent.has(`${one.item} ${one.response}`)) store.put({ attempt, ...one });
    }
    await finished(transaction);
  }

  /** Return all responses of an attempt. */
  responses(attempt) {
    const range = IDBKeyRange.bound([attempt], [attempt, []]);
    return asked(this.#database.transaction("responses").objectStore("responses").getAll(range));
  }

  /** Forget everything about an attempt. */
  async forget(attempt) {
    const transaction = this.#write("facts", "changes", "responses", "uploads");
    transaction.objectStore("uploads").delete(IDBKeyRange.bound([attempt], [attempt, []]));
    transaction.objectStore("changes").delete(IDBKeyRange.bound([attempt, 0], [attempt, Infinity]));
    transaction.objectStore("responses").delete(IDBKeyRange.bound([attempt], [attempt, []]));
    transaction.objectStore("facts").delete(`exam ${attempt}`);
    for (const name of ["me", "ticket", "place", `rescue ${attempt}`]) transaction.objectStore("facts").delete(name);
    await finished(transaction);
  }
}
