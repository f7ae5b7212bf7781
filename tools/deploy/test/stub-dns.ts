import { createSocket, type Socket } from 'node:dgram';

const HEADER = 12;
const QUESTION_TAIL = 4;

/** A DNS server in the place of a container engine's: every name that it knows has the address 127.0.0.1. */
export class StubDns {
  readonly known = new Set<string>();

  private constructor(private readonly socket: Socket) {
    socket.on('message', (query, { port, address }) => socket.send(this.#answer(query), port, address));
  }

  static async listen(): Promise<StubDns> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new StubDns(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  close(): void {
    this.socket.close();
  }

  /** RFC 1035 §4: the question as it came, and one address of a second's life, or "no such name". */
  #answer(query: Buffer): Buffer {
    let at = HEADER;
    const labels: string[] = [];
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const isKnown = this.known.has(labels.join('.'));
    const header = Buffer.alloc(HEADER);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(isKnown ? 1 : 0, 6);
    const question = query.subarray(HEADER, at + 1 + QUESTION_TAIL);
    const record = Buffer.from([0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
    return Buffer.concat([header, question, ...(isKnown ? [record] : [])]);
  }
}
