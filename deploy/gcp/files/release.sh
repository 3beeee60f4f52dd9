#!/usr/bin/env bash
# Releases {{.Name}} on its instance group, by hand and from the workflows.
#
#   release.sh push LAYOUT    push the image that gorgon deploy wrote, and print its digest
#   release.sh roll [IMAGE]   {{if .Migrate}}migrate, {{end}}replace some instances, and then all of them; IMAGE is
#                             NAME@sha256:... or the digest alone, and without it the image that
#                             serves now gets the settings of the last terraform apply
#   release.sh back [DIGEST]  replace all instances by those of the release before, or of an earlier image
#   release.sh abort          end a roll-out that was interrupted, with the release before it
#   release.sh smoke          ask the site whether it is ready, and for some of its pages
#   release.sh status         print what runs, and what images there are
#   release.sh variables      print what the workflows need, as NAME=VALUE for gh variable set
#
# It needs bash, jq, curl and gcloud; push needs skopeo, too.

names=(PROJECT REGION REPOSITORY GROUP TEMPLATE BACKEND URL{{if .Migrate}} MIGRATE{{end}}{{if .Cron}} MAINTAIN{{end}})
READY=${READY:-/readyz} # where the program says that it can be sent visitors
pages=("$READY"{{range .Smoke}} '{{.}}'{{end}})
SHARES=${SHARES:-10 100} # percent of the instances that are new, step by step; at least one
KEEP=${KEEP:-10}         # earlier releases to which there is a way back

# --- What the targets share

set -euo pipefail
WATCH=${WATCH:-300}              # seconds that each step is watched: metrics are minutes late
POLL=${POLL:-30}                 # seconds between two checks
PATIENCE=${PATIENCE:-1800}       # seconds that new instances may take to serve
MAX_ERRORS=${MAX_ERRORS:-1}      # percent of the responses that may be 5xx
MIN_REQUESTS=${MIN_REQUESTS:-50} # fewer requests are not enough to judge by
for name in WATCH POLL PATIENCE MAX_ERRORS MIN_REQUESTS; do
	[[ ${!name} =~ ^[0-9]+$ ]] || { # the checks would be left out
		echo "release: $name=${!name}: give a whole number" >&2
		exit 2
	}
done
[ "$POLL" -gt 0 ] || POLL=1
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
temp=$(mktemp -d)
begun='' # set while a roll-out has begun and has not ended
next=''  # what it brings

say() { echo "release: $*" >&2; }
die() {
	say "$@"
	exit 1
}
usage() {
	sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
}

# leave runs at the end, also after a failed command or a signal. A roll-out that
# has begun and has not ended is undone.
leave() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	jobs -p | while read -r job; do kill "$job" 2>/dev/null || true; done
	if [ -n "$begun" ]; then
		say "NOT RELEASED: the last log lines are"
		logs || say "the logs could not be read"
		bash "$folder/${BASH_SOURCE[0]##*/}" abort || say "the way back failed: run $0 abort"
	fi
	rm -rf "$temp"
	exit "$status"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# place finds out where the app runs: from the environment if REPOSITORY is set
# there, as in the workflows, and otherwise from Terraform. Never from both.
place() {
	local name outputs
	if [ -z "${REPOSITORY:-}" ]; then
		outputs=$(terraform -chdir="$folder" output -json release) || die "terraform has no outputs here: run terraform init and apply for one environment first"
		for name in "${names[@]}"; do
			printf -v "$name" %s "$(jq -r --arg name "$name" '.[$name] // empty' <<<"$outputs")"
			export "${name?}"
		done
	fi
	for name in "${names[@]}"; do
		[ -n "${!name:-}" ] || die "$name is not set: it is one of the outputs of terraform (release.sh variables)"
	done
}

# image NAME: in full and by digest. A tag is refused: it can move to other bytes
# between staging and production.
image() {
	local name=$1
	case $name in sha256:*) name=$REPOSITORY@$name ;; esac
	[[ $name =~ ^[^@]+@sha256:[0-9a-f]{64}$ ]] || die "$1: name the image by its digest, sha256: and 64 hexadecimal digits"
	[ "${name%@*}" = "$REPOSITORY" ] || die "$1: it is not in $REPOSITORY: push it first"
	echo "$name"
}

# hold COMMAND...: wait for a command that takes long. A signal ends the wait at
# once; it would be looked at after the command otherwise.
hold() {
	"$@" &
	wait $!
}

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# probe ADDRESS PATH...: each answers, not with an error.
probe() {
	local address=$1 path code
	shift
	for path; do
		: >"$temp/answer"
		code=$(curl --silent --show-error --max-time 10 --retry 2 --output "$temp/answer" --write-out '%{http_code}' "$address$path") || true
		case $code in
		2?? | 3?? | 401 | 403) ;;
		*)
			say "$address$path answered ${code:-nothing}:"
			head -c 2000 "$temp/answer" >&2
			echo >&2
			exit 1
			;;
		esac
	done
}

# judge SINCE: the responses since then are within the limit of errors.
judge() {
	local counts bad all
	counts=$(requests "$1")
	read -r bad all <<<"$counts"
	if [ "$all" -lt "$MIN_REQUESTS" ]; then
		say "errors: $bad of $all requests, too few to judge by"
	elif [ $((bad * 100)) -gt $((all * MAX_ERRORS)) ]; then
		die "errors: $bad of $all requests, which is more than $MAX_ERRORS %"
	else
		say "errors: $bad of $all requests"
	fi
}

# watch SINCE ADDRESS...: for WATCH seconds the site stays ready, and the errors
# stay within the limit. At the end the pages answer.
watch() {
	local since=$1 waited=0 address
	shift
	while [ "$waited" -lt "$WATCH" ]; do
		hold sleep "$POLL"
		waited=$((waited + POLL))
		for address; do probe "$address" "$READY"; done
		judge "$since"
	done
	for address; do probe "$address" "${pages[@]}"; done
}

# push LAYOUT: the same bytes have the same digest in every registry, so an image
# that is there already is not pushed again.
push() {
	local digest secret registry=${REPOSITORY%%/*}
	digest=$(jq -er 'select(.manifests | length == 1) | .manifests[0].digest' "$1/index.json") || die "$1: it is not the layout of one image, as gorgon deploy writes it"
	secret=$(password)
	skopeo login --authfile "$temp/auth.json" --username "$user" --password-stdin "$registry" <<<"$secret" >&2
	if skopeo inspect --raw --authfile "$temp/auth.json" "docker://$REPOSITORY@$digest" >"$temp/manifest" 2>/dev/null; then
		say "$REPOSITORY@$digest is there already"
	else
		skopeo copy --all --preserve-digests --retry-times 2 --authfile "$temp/auth.json" "oci:$1" "docker://$REPOSITORY@$digest" >&2
	fi
	echo "$digest"
}

variables() { terraform -chdir="$folder" output -json release | jq -r 'to_entries[] | select(.value // "" | . != "") | "\(.key)=\(.value)"'; }

# --- The instance group

user=oauth2accesstoken
password() { gcloud auth print-access-token; }

group() { gcloud compute instance-groups managed describe "$GROUP" --project "$PROJECT" --region "$REGION" --format json; }

template() { gcloud compute instance-templates describe "$1" --project "$PROJECT" --format json; }

# Of the group as JSON: the template of the release, and that of a roll-out that has
# not ended. The group itself remembers both until the roll-out has ended.
old() { jq -er 'first(.versions[] | select(.targetSize.percent == null and .targetSize.fixed == null) | .instanceTemplate) | sub("[?].*"; "") | split("/")[-1]'; }
new() { jq -r 'first(.versions[] | select(.targetSize.percent != null or .targetSize.fixed != null) | .instanceTemplate) // "" | sub("[?].*"; "") | split("/")[-1] // ""'; }

image_of() { jq -r 'first(.properties.metadata.items[]? | select(.key == "image") | .value) // empty'; }

# replace ARGS...: the group gets other versions.
replace() { gcloud compute instance-groups managed rolling-action start-update "$GROUP" --project "$PROJECT" --region "$REGION" --quiet "$@" >&2; }

# scale MODE: the scaler is off until the first release.
scale() { gcloud compute instance-groups managed update-autoscaling "$GROUP" --project "$PROJECT" --region "$REGION" --mode "$1" >&2; }

logs() {
	gcloud compute instance-groups managed list-errors "$GROUP" --project "$PROJECT" --region "$REGION" --limit 5 >&2
	gcloud logging read "resource.type=\"gce_instance\" AND labels.\"compute.googleapis.com/resource_name\":\"$GROUP\"" \
		--project "$PROJECT" --freshness 1h --limit 20 --format 'value(timestamp,severity,jsonPayload)' >&2
}

# requests SINCE: how many responses of the load balancer were errors, and how many
# there were; those that no instance answered are among them.
requests() {
	local token
	token=$(gcloud auth print-access-token) || return
	curl --silent --show-error --fail --max-time 30 --retry 2 --get --header @- "https://monitoring.googleapis.com/v3/projects/$PROJECT/timeSeries" \
		--data-urlencode "filter=metric.type=\"loadbalancing.googleapis.com/https/request_count\" AND resource.labels.backend_target_name=\"$BACKEND\"" \
		--data-urlencode "interval.startTime=$1" --data-urlencode "interval.endTime=$(now)" \
		--data-urlencode aggregation.alignmentPeriod=60s --data-urlencode aggregation.perSeriesAligner=ALIGN_SUM \
		--data-urlencode aggregation.crossSeriesReducer=REDUCE_SUM --data-urlencode aggregation.groupByFields=metric.labels.response_code_class \
		<<<"Authorization: Bearer $token" >"$temp/series" || return
	jq -r '[.timeSeries[]? | {error: (.metric.labels.response_code_class == "500"), count: ([.points[].value.int64Value | tonumber] | add)}]
		| "\([.[] | select(.error) | .count] | add // 0) \([.[].count] | add // 0)"' "$temp/series"
}

# arrive TEMPLATE: wait until the group has the instances of a template that it is to
# have, and the load balancer finds all of them ready. A version that is reached
# says nothing of readiness.
arrive() {
	local waited=0 instances healthy all
	hold gcloud compute instance-groups managed wait-until "$GROUP" --project "$PROJECT" --region "$REGION" --version-target-reached --timeout "$PATIENCE" >&2
	while :; do
		gcloud compute instance-groups managed list-instances "$GROUP" --project "$PROJECT" --region "$REGION" --format json >"$temp/instances"
		gcloud compute backend-services get-health "$BACKEND" --project "$PROJECT" --global --format json >"$temp/health"
		instances=$(jq -r --arg template "$1" '[.[] | select(.version.instanceTemplate // "" | sub("[?].*"; "") | endswith("/" + $template)) | .instance | split("/")[-1]] | join(" ")' "$temp/instances")
		all=$(wc -w <<<"$instances")
		healthy=$(jq -r --arg instances "$instances" '[.[].status.healthStatus[]? | select(.healthState == "HEALTHY") | .instance | split("/")[-1] | select(IN($instances | split(" ")[]))] | unique | length' "$temp/health")
		[ "$all" -eq 0 ] || [ "$healthy" -lt "$all" ] || return 0
		[ "$waited" -lt "$PATIENCE" ] || die "after $PATIENCE s, $healthy of $((all)) instances of $1 are ready"
		hold sleep "$POLL"
		waited=$((waited + POLL))
	done
}

abort() {
	local state good bad
	state=$(group)
	bad=$(new <<<"$state")
	if [ -z "$bad" ]; then
		say "no roll-out is under way"
		return
	fi
	good=$(old <<<"$state")
	replace --version "template=$good"
	if [ -z "$(template "$good" | image_of)" ]; then
		scale off # before the first release there is nothing that could run
		gcloud compute instance-groups managed resize "$GROUP" --project "$PROJECT" --region "$REGION" --size 0 --quiet >&2
	fi
	say "instances of $bad are replaced by those of $good.{{if .Migrate}} Migrations are not undone: each has to suit the version before it, too.{{end}}"
}

{{if .Migrate}}# migrate IMAGE is the gate of a roll-out: where it fails, nothing else changes. The
# job runs in the network of the instances.
migrate() {
	say "migrating"
	gcloud run jobs update "$MIGRATE" --project "$PROJECT" --region "$REGION" --image "$1" --quiet >&2
	hold gcloud run jobs execute "$MIGRATE" --project "$PROJECT" --region "$REGION" --wait --quiet >&2 || {
		gcloud logging read "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"$MIGRATE\"" \
			--project "$PROJECT" --freshness 1h --limit 20 --format 'value(timestamp,severity,textPayload,jsonPayload)' >&2 || true
		die "the migration failed: no instance was replaced"
	}
}

{{end}}# make IMAGE BEFORE makes the template that $next names: the newest of Terraform's
# with this image. gcloud cannot copy a template, so the API is called.
make() {
	local base token
	base=$(gcloud compute instance-templates list --project "$PROJECT" --filter "name~^$TEMPLATE" --sort-by '~creationTimestamp' --limit 1 --format 'value(name)')
	[ -n "$base" ] || die "Terraform has made no template $TEMPLATE...: apply it first"
	next=${TEMPLATE%base-}r$(date -u +%Y%m%d%H%M%S)
	template "$base" | jq --arg name "$next" --arg image "$1" --arg before "$2" '{
		name: $name, description: ("before it: " + $before),
		properties: (.properties | del(.metadata.fingerprint)
			| .metadata.items = [.metadata.items[]? | select(.key != "image")] + [{key: "image", value: $image}])
	}' >"$temp/template.json"
	token=$(gcloud auth print-access-token)
	curl --silent --show-error --fail --max-time 30 --request POST --header @- --header 'Content-Type: application/json' --output "$temp/operation" \
		--data "@$temp/template.json" "https://compute.googleapis.com/compute/v1/projects/$PROJECT/global/instanceTemplates" <<<"Authorization: Bearer $token"
	for _ in 1 2 3 4 5; do
		template "$next" >/dev/null 2>&1 && return
		hold sleep 2
	done
	die "template $next was not made: $(head -c 2000 "$temp/operation")"
}

roll() {
	local image state before share since serves
	abort
	state=$(group)
	before=$(old <<<"$state") || die "$GROUP has no template: see release.sh status"
	serves=$(template "$before" | image_of)
	image=${1:-$serves}
	if [ -z "$image" ]; then
		say "there is no release yet: nothing to roll"
		return
	fi
	image=$(image "$image")
{{- if .Migrate}}
	migrate "$image"
{{- end}}
	make "$image" "$before"
	begun=1
	since=$(now)
	[ -n "$serves" ] || SHARES=100
	for share in $SHARES; do
		say "$share % of the instances with $next"
		replace --version "template=$before" --canary-version "template=$next,target-size=$share%"
		[ -n "$serves" ] || scale on
		arrive "$next"
		watch "$since" "$URL"
	done
	replace --version "template=$next"
	begun=''
	finish "$image"
	gcloud compute instance-templates list --project "$PROJECT" --filter "name~^${TEMPLATE%base-}r" --sort-by '~creationTimestamp' --format 'value(name)' |
		tail -n "+$((KEEP + 1))" >"$temp/earlier"
	while read -r name; do
		gcloud compute instance-templates delete "$name" --project "$PROJECT" --quiet >&2 </dev/null || say "template $name is still there"
	done <"$temp/earlier"
	say "released $image as $next"
}

# finish IMAGE: the work on schedule follows the version that serves.
finish() {
{{- if .Cron}}
	gcloud run jobs update "$MAINTAIN" --project "$PROJECT" --region "$REGION" --image "$1" --quiet >&2
{{- else}}
	: "$1" # nothing is on schedule
{{- end}}
}

back() {
	local state serves target image
	abort
	state=$(group)
	serves=$(old <<<"$state")
	if [ -n "$1" ]; then
		image=$(image "$1")
		target=$(gcloud compute instance-templates list --project "$PROJECT" --filter "name~^${TEMPLATE%base-}r" --format json |
			jq -r --arg image "$image" '[.[] | select(any(.properties.metadata.items[]?; .key == "image" and .value == $image))] | max_by(.creationTimestamp).name // empty')
		[ -n "$target" ] || die "no template of $image is left: roll it, if its migrations still fit: $0 roll $1"
	else
		target=$(template "$serves" | jq -r '.description // "" | ltrimstr("before it: ")')
		[ -n "$target" ] || die "the release before is not recorded: name a digest (release.sh status lists them)"
		image=$(template "$target" | image_of)
		[ -n "$image" ] || die "there was no release before $serves"
	fi
	[ "$target" != "$serves" ] || die "$target serves already"
	replace --version "template=$target"
	arrive "$target"
	say "all instances are those of $target.{{if .Migrate}} Migrations are not undone.{{end}}"
	probe "$URL" "${pages[@]}"
	finish "$image"
}

status() {
	group | jq -r '.versions[] | "\(.instanceTemplate | split("/")[-1])\t\(.targetSize.percent // 100) %"'
	gcloud compute instance-groups managed list-instances "$GROUP" --project "$PROJECT" --region "$REGION"
	gcloud compute instance-templates list --project "$PROJECT" --filter "name~^${TEMPLATE%base-}r" --sort-by '~creationTimestamp' --limit 10 --format json |
		jq -r '.[] | "\(.name)\t\(first(.properties.metadata.items[] | select(.key == "image") | .value))"'
}

# --- The command

case ${1:-}/$# in
push/2) place && push "$2" ;;
roll/1 | roll/2) place && roll "${2:-}" ;;
back/1 | back/2) place && back "${2:-}" ;;
smoke/1) place && probe "$URL" "${pages[@]}" ;;
abort/1 | status/1) place && "$1" ;;
variables/1) variables ;;
*) usage ;;
esac
