# METADATA
# title: Blocked assets
# description: A server or model that the inventory of AI assets has marked as blocked is not used.
# custom:
#   when: [context]
#   truncated: true
package behavry.discovery.blocked_assets

deny contains {"policy": "behavry.discovery.blocked_assets", "reason": "the asset is blocked"} if {
	input.context.asset_status == "blocked"
}
