# METADATA
# title: Unverified requester
# description: >-
#   A call made for a named person whose identity nobody verified does not destroy or run anything
#   before another person has looked at it.
# custom:
#   when: [requester]
#   truncated: true
package behavry.requester.unverified

escalate contains {
	"policy": "behavry.requester.unverified",
	"reason": "the person behind the call is not verified",
} if {
	input.requester.id != ""
	input.requester.verified == false
	input.request.action_class in {"delete", "execute"}
}
