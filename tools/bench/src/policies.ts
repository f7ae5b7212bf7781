/** Rego of a policy that concerns one tool of the measured server; `verdict` decides what it says of it. */
export function toolPolicy(name: string, tool: string, verdict: 'allow' | 'deny'): string {
  return `# METADATA
# custom:
#   tools: ["${tool}"]
package behavry.base.${name}

${verdict} contains {"policy": "${name}", "reason": "measured"} if {
	input.request.mcp_server == "bench"
	input.request.tool_name == "${tool}"
}
`;
}

/** Rego that allows the benchmark's models. */
export const MODEL_POLICY = `package behavry.base.bench_model

allow contains {"policy": "bench_model", "reason": "measured"} if {
	input.request.kind == "llm"
	startswith(input.request.model, "bench-model")
}
`;

/** A tenant's worth of policies of three rules each, none of which concerns the measured tool. */
export function fillers(
  count: number,
): readonly { name: string; category: 'base'; description: string; content: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `filler_${index}`;
    return {
      name,
      category: 'base',
      description: 'fills a tenant for the benchmark',
      content: `# METADATA
# custom:
#   tools: ["filler_tool_${index}"]
package behavry.base.${name}

allow contains {"policy": "${name}", "reason": "reads"} if {
	input.request.tool_name == "filler_tool_${index}"
	input.request.action_class == "read"
}

escalate contains {"policy": "${name}", "reason": "writes"} if {
	input.request.tool_name == "filler_tool_${index}"
	input.request.action_class == "write"
}

deny contains {"policy": "${name}", "reason": "deletes"} if {
	input.request.tool_name == "filler_tool_${index}"
	input.request.action_class == "delete"
}
`,
    };
  });
}
