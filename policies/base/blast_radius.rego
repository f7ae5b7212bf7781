# METADATA
# title: Blast radius
# description: >-
#   The same bounds that the proxies check in process, a second time where no proxy can skip them; a test holds
#   both together. Thresholds are data of the bundle, set by the tenant. A shallow delete is denied and nothing can
#   allow it; the other bounds ask for a person. A verb that says nothing counts as a writing one. Of input that was cut
#   to size it judges what is left: the proxies have checked the whole.
# custom:
#   truncated: true
package behavry.base.blast_radius

settings := data.behavry.settings.blast_radius

policy := "behavry.base.blast_radius"

# Nobody can release a delete that may be a shallow one, so it is denied where others ask for a person.
deny contains {"policy": policy, "reason": "the call names more than 50 paths"} if {
	input.request.action_class == "delete"
	has_too_many_paths
}

deny contains {"policy": policy, "reason": "the call deletes a path too close to the root"} if {
	input.request.action_class == "delete"
	some parts in resolved_paths
	depth(parts) < settings.min_delete_depth
}

escalate contains {"policy": policy, "reason": "the call names more than 50 paths"} if {
	input.request.action_class in {"write", "unknown"}
	has_too_many_paths
}

escalate contains {"policy": policy, "reason": "the call changes a configuration path"} if {
	input.request.action_class in {"write", "delete", "unknown"}
	some parts in resolved_paths
	is_configuration(parts)
}

escalate contains {"policy": policy, "reason": "the call changes a protected file"} if {
	input.request.action_class in {"write", "delete", "unknown"}
	some parts in resolved_paths
	last := lower(parts[count(parts) - 1])
	some name in settings.protected_files
	is_protected(last, lower(name))
}

escalate contains {"policy": policy, "reason": "the call addresses more recipients than one call may"} if {
	recipients > data.behavry.settings.blast_radius.email_recipient_limit
}

escalate contains {"policy": policy, "reason": "the call concerns more items than one call may"} if {
	input.request.resource_count > data.behavry.settings.blast_radius.bulk_action_threshold
}

# A name that says its value is a path: the word alone, after another one, or as the last hump of a camel-case name.
path_key := `(^|[^a-z0-9])(paths?|files?|file[^a-z0-9]?(name|path)|dir|directory|folder|source|destination|target|uri)$`

paths contains input.request.resource if {
	regex.match(`^[\t-\r ]*(?i:file:|[/~\\.$]|[a-z]:[/\\])`, input.request.resource)
}

# The items of a list bear the list's name. Tools nest less deep than eight lists and objects.
paths contains text if {
	walk(input.request.parameters, [path, text])
	is_string(text)
	count(path) <= 8
	names := [name | some name in path; is_string(name)]
	is_path_key(names[count(names) - 1])
	not is_web_address(text)
}

is_path_key(name) if regex.match(path_key, lower(regex.replace(name, `([a-z])([A-Z])`, `${1}_${2}`)))

is_web_address(text) if {
	regex.match(`^[\t-\r ]*(?i:[a-z][a-z0-9+.-]+)://`, text)
	not regex.match(`^[\t-\r ]*(?i:file):`, text)
}

has_too_many_paths if count(paths) > 50

# Of more paths than that none is looked at: the cost of a call must not be the caller's choice.
resolved_paths contains components(path) if {
	not has_too_many_paths
	some path in paths
}

# Components of a path: forward slashes, file URLs decoded, dot segments resolved, `~` kept as the first; null for a
# path with more `..` than anybody needs, which hides where it goes.
components(path) := resolved([part | some part in split(replace(plain(path), `\`, "/"), "/"); not part in {"", "."}])

plain(path) := urlquery.decode(replace(without_scheme(path), "+", "%2B")) if {
	is_file_url(path)
} else := strings.replace_n(malformed, without_scheme(path)) if {
	is_file_url(path)
} else := trimmed(path)

# Escapes of what separates components, seen even in a path whose other escapes are malformed.
malformed := {"%2e": ".", "%2E": ".", "%2f": "/", "%2F": "/", "%5c": `\`, "%5C": `\`}

trimmed(path) := trim(replace(path, "\u0000", ""), "\t\n\u000b\u000c\r ")

without_scheme(path) := regex.replace(trimmed(path), `^(?i:file):(//[^/]*)?`, "")

is_file_url(path) if startswith(lower(trimmed(path)), "file:")

resolved(parts) := parts if {
	not ".." in parts
} else := null if {
	count([1 | ".." == parts[_]]) > 8
} else := climbed(climbed(climbed(climbed(climbed(climbed(climbed(climbed(parts))))))))

# Undoes the first `..` together with the component before it. Rego has no loop with a memory.
climbed(parts) := array.concat(array.slice(parts, 0, at - 1), array.slice(parts, at + 1, count(parts))) if {
	at := min([i | some i, ".." in parts])
} else := parts

# A trailing wildcard means everything in the folder, so it adds no depth.
depth(parts) := count([part | some part in parts; not regex.match(`^\*+$`, part)]) if is_array(parts)

depth(null) := 0

is_configuration(parts) if {
	some folder in settings.config_paths
	is_under(parts, components(folder))
}

is_configuration(null)

is_under(path, folder) if {
	folder[0] != "~"
	array.slice(path, 0, count(folder)) == folder
}

is_under(path, folder) if {
	folder[0] == "~"
	tail := array.slice(path, home_depth(path), count(path))
	rest := array.slice(folder, 1, count(folder))
	count(rest) > 0
	array.slice(tail, 0, count(rest)) == rest
}

home_depth(path) := 1 if {
	path[0] in {"~", "$HOME", "${HOME}", "root"}
} else := 2 if {
	path[0] in {"home", "Users"}
	count(path) > 1
}

is_protected(last, name) if last == name

is_protected(last, name) if regex.replace(last, `(?s)^(.+)\.[^.]*$`, `${1}`) == name

is_protected(last, name) if {
	startswith(name, ".")
	startswith(last, concat("", [name, "."]))
}

# A list counts once, by its length: what lies in it is not counted again.
recipients := sum([size |
	walk(input.request.parameters, [path, value])
	is_recipient_key(path[count(path) - 1])
	count(path) <= 8
	size := addresses(value)
	every name in array.slice(path, 0, count(path) - 1) { not is_recipient_key(name) }
])

is_recipient_key(name) if lower(name) in {"to", "cc", "bcc", "recipients", "emails", "email"}

addresses(value) := count(value) if is_array(value)

addresses(value) := count([part |
	some part in regex.split(`[,;]`, value)
	regex.match(`[^\t-\r ]`, part)
]) if is_string(value)
