import type { PersonClient } from './person';

/** Rego that allows every call of one MCP server, and denies the tools named. */
export function serverPolicy(name: string, server: string, denied: readonly string[] = []): string {
  return `package behavry.base.${name}

allow contains {"policy": "${name}", "reason": "allowed by ${name}"} if {
	input.request.mcp_server == "${server}"
}

deny contains {"policy": "${name}", "reason": "denied by ${name}"} if {
	input.request.mcp_server == "${server}"
	input.request.tool_name in ${JSON.stringify(denied).replace('[', '{').replace(']', '}').replace('{}', 'set()')}
}
`;
}

/** Creates and activates a policy. @returns its id and the revision that holds it */
export async function activate(
  person: PersonClient,
  name: string,
  content: string,
): Promise<{ readonly id: string; readonly revision: string }> {
  const { id } = await person.must<{ id: string }>('POST', '/api/v1/policies', {
    name,
    description: 'made by a test',
    category: 'base',
    content,
  });
  const { bundle_revision: revision } = await person.must<{ bundle_revision: string }>(
    'POST',
    `/api/v1/policies/${id}/activate`,
    {},
  );
  return { id, revision };
}

/** Saves a new version of a policy and activates it. */
export async function edit(person: PersonClient, id: string, name: string, content: string): Promise<void> {
  await person.must('PUT', `/api/v1/policies/${id}`, {
    name,
    description: 'edited',
    category: 'base',
    content,
  });
  await person.must('POST', `/api/v1/policies/${id}/activate`, {});
}

/** Lifts every limit of the tenant: a load of calls is no noisy neighbour here. */
export async function liftLimits(person: PersonClient): Promise<void> {
  const { body } = await person.get('/api/v1/rate-limits');
  const limits = Object.keys(body).filter((name) => /_per_minute$|_concurrency$/u.test(name));
  await person.must('PUT', '/api/v1/rate-limits', Object.fromEntries(limits.map((name) => [name, null])));
}
