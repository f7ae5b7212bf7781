/** A step of the demo that was not as promised. */
export class StepError extends Error {}

/** Fails the step unless what came back is as promised. */
export function promise(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new StepError(otherwise);
}

/** Runs the steps one after the other and prints each with what came back. */
export class Steps {
  #number = 0;
  failed = 0;

  /**
   * @param what the step, as a promise to a person
   * @param work does it and returns what came back, in a few words
   * @returns whether it was as promised
   */
  async step(what: string, work: () => Promise<string>): Promise<boolean> {
    this.#number += 1;
    const begun = performance.now();
    const print = (mark: string, cameBack: string): void =>
      this.#print(mark, `${what} (${((performance.now() - begun) / 1000).toFixed(2)} s)`, cameBack);
    try {
      print('✓', await work());
      return true;
    } catch (error) {
      this.failed += 1;
      print('✗', error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  #print(mark: string, what: string, cameBack: string): void {
    const lines = cameBack.trim().split('\n');
    process.stdout.write(
      `${mark} ${String(this.#number).padStart(2)}. ${what}\n${lines.map((line) => `       ${line}\n`).join('')}`,
    );
  }
}
