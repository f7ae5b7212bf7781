import { renameSync, writeFileSync } from 'node:fs';

/** One running process, as a script finds it. */
export interface RunProcess {
  readonly app: string;
  readonly plane: PlaneName;
  readonly pid: number;
  readonly port: number | null;
  readonly ops_port: number | null;
}

export type PlaneName = 'standalone' | 'control' | 'data';

/** Where one plane is and who may administer it. */
export interface RunPlane {
  readonly url: string;
  readonly admin: { readonly username: string; readonly password: string };
  readonly deployment_id?: string;
}

/** `<data-dir>/run.json`: what runs, told to scripts (surface: commands). */
export interface RunFile {
  mode: string;
  tenant_id: string;
  planes: { control?: RunPlane; data?: RunPlane };
  demo: { agent?: { client_id: string; client_secret: string }; mcp_servers: string[] };
  components: { postgres: unknown; redis: unknown; opa: unknown };
  processes: RunProcess[];
}

/** Keeps the file current while processes come and go. */
export class RunFileWriter {
  #isOpen = false;

  constructor(
    private readonly file: string,
    readonly content: RunFile,
  ) {}

  /** From now on the file is there. */
  open(): void {
    this.#isOpen = true;
    this.write();
  }

  /** Stops writing: the run is ending. */
  close(): void {
    this.#isOpen = false;
  }

  /** A process has started, for the first time or again. */
  noteProcess(process: RunProcess): void {
    const others = this.content.processes.filter(
      ({ app, plane }) => app !== process.app || plane !== process.plane,
    );
    this.content.processes = [...others, process];
    this.write();
  }

  write(): void {
    if (!this.#isOpen) return;
    const next = `${this.file}.next`;
    writeFileSync(next, `${JSON.stringify(this.content, null, 2)}\n`, { mode: 0o600 });
    renameSync(next, this.file);
  }
}
