# METADATA
# title: Injection findings
# description: Text that tries to command the agent, of the most serious class, is shown to a person first.
# custom:
#   when: [injection]
#   truncated: true
package behavry.inbound.injection

escalate contains {"policy": "behavry.inbound.injection", "reason": sprintf("the text holds %s", [finding.pattern])} if {
	some finding in input.injection.findings
	finding.severity == "critical"
}
