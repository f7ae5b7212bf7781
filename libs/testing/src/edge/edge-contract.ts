import { APP_NAMES, MODES, type AppName, type Mode } from '@behavry/contracts';
import { requestContract } from './edge-requests';
import { routeContract } from './edge-routes';
import { streamContract } from './edge-streams';
import { httpRequest, rawRequest, type Answer, type RequestOptions } from './raw-http';
import { StubApp } from './stub-app';

/** An edge that listens, on loopback. */
export interface OpenEdge {
  readonly port: number;
  close(): Promise<void>;
}

/** A program in an edge's place, and where it may differ from others. */
export interface EdgeUnderTest {
  /** @param portOf where an app listens; the edge lets a client go that takes nothing for a second at most */
  open(mode: Mode, portOf: (app: AppName) => number): Promise<OpenEdge>;
  /** What becomes of a request whose `Connection` names other headers: sent on without them, or refused. */
  readonly nominated: 'dropped' | 'refused';
  /** What becomes of a chunk whose lines end in LF alone, which many programs accept. */
  readonly bareLineFeed: 'refused' | 'framed anew';
  /** Whether a request is sent on after its answer has begun. */
  readonly isFullDuplex: boolean;
}

/** The apps of a plane as stubs, with an edge of each mode before them. */
export class EdgePlane {
  readonly stubs: ReadonlyMap<AppName, StubApp> = new Map(APP_NAMES.map((app) => [app, new StubApp(app)]));
  readonly #edges = new Map<Mode, OpenEdge>();

  constructor(readonly edge: EdgeUnderTest) {}

  async open(): Promise<void> {
    for (const stub of this.stubs.values()) await stub.listen();
    for (const mode of MODES) this.#edges.set(mode, await this.edge.open(mode, (app) => this.stub(app).port));
  }

  async close(): Promise<void> {
    for (const edge of this.#edges.values()) await edge.close();
    for (const stub of this.stubs.values()) await stub.close();
  }

  stub(app: AppName): StubApp {
    const stub = this.stubs.get(app);
    if (!stub) throw new Error(`no stub for ${app}`);
    return stub;
  }

  portOf(mode: Mode): number {
    return this.#edges.get(mode)?.port ?? 0;
  }

  send(mode: Mode, path: string, options?: RequestOptions): Promise<Answer> {
    return httpRequest(this.portOf(mode), path, options);
  }

  sendRaw(text: string): Promise<string> {
    return rawRequest(this.portOf('standalone'), text);
  }
}

/**
 * Declares the tests that every edge of a plane passes, the local one and the one of containers: each path to its app,
 * nothing that two programs could read differently, bodies and streams as they come.
 */
export function edgeContract(edge: EdgeUnderTest): void {
  const plane = new EdgePlane(edge);
  beforeAll(() => plane.open(), 60_000);
  afterAll(() => plane.close());
  routeContract(plane);
  requestContract(plane);
  streamContract(plane);
}
