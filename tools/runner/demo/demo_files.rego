# METADATA
# title: Demo - files
# description: >-
#   What an agent may do with the scratch folder of the demo: look at it freely, change it when a person agrees,
#   never delete or move anything.
package behavry.base.demo_files

policy := "behavry.base.demo_files"

looking := {
	"read_file",
	"read_text_file",
	"read_media_file",
	"read_multiple_files",
	"list_directory",
	"list_directory_with_sizes",
	"list_allowed_directories",
	"directory_tree",
	"search_files",
	"get_file_info",
}

changing := {"write_file", "edit_file", "create_directory"}

concerned if {
	input.request.kind == "mcp"
	input.request.mcp_server == "files"
}

allow contains {"policy": policy, "reason": "the scratch folder may be read"} if {
	concerned
	input.request.tool_name in looking
}

escalate contains {"policy": policy, "reason": "a person decides what is written to the scratch folder"} if {
	concerned
	input.request.tool_name in changing
}

deny contains {"policy": policy, "reason": "nothing may be deleted or moved in the scratch folder"} if {
	concerned
	regex.match(`^(?:delete|remove|move|rename)`, input.request.tool_name)
}
