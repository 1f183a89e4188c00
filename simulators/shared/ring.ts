/**
 * A list that keeps the newest `capacity` items and counts what it let go, so that a stand-in can run for months.
 */
export class Ring<T> {
  readonly capacity: number;
  #items: T[] = [];
  #oldest = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  push(item: T): void {
    if (this.#items.length < this.capacity) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#oldest] = item;
    this.#oldest = (this.#oldest + 1) % this.capacity;
    this.#dropped += 1;
  }

  /** How many items have been let go. */
  get dropped(): number {
    return this.#dropped;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Oldest first. */
  *values(): Generator<T> {
    const items = this.#items;
    for (let i = this.#oldest; i < items.length; i += 1) yield items[i] as T;
    for (let i = 0; i < this.#oldest; i += 1) yield items[i] as T;
  }

  clear(): void {
    this.#items = [];
    this.#oldest = 0;
  }
}
