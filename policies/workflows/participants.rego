# METADATA
# title: Participants of a workflow
# description: Inside a workflow session an agent does only what its part in the workflow allows.
# custom:
#   when: [workflow]
#   truncated: true
package behavry.workflows.participants

policy := "behavry.workflows.participants"

deny contains {"policy": policy, "reason": "the agent has no part in the workflow"} if {
	is_object(input.workflow_session)
	count(parts) == 0
}

deny contains {"policy": policy, "reason": "the agent's part in the workflow does not allow the action"} if {
	is_object(input.workflow_session)
	count(parts) > 0
	not is_allowed
}

parts := [part |
	some part in object.get(input.workflow_session, "participants", [])
	part.agent_id == input.agent.id
]

is_allowed if {
	some part in parts
	some action in part.allowed_actions
	action in {"*", input.request.action, input.request.action_class, input.request.tool_name}
}
