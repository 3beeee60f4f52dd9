#!/usr/bin/env bash
# Releases {{.Name}} on Cloud Run, by hand and from the workflows.
#
#   release.sh push LAYOUT    push the image that gorgon deploy wrote, and print its digest
#   release.sh roll [IMAGE]   {{if .Migrate}}migrate, {{end}}start a revision without visitors, then move them to it step
#                             by step; IMAGE is NAME@sha256:... or the digest alone, and without it
#                             the image that serves now gets the settings of the last terraform apply
#   release.sh back [DIGEST]  send all visitors to the revision before, or to that of an earlier image
#   release.sh abort          end a roll-out that was interrupted: visitors go to the revision before it
#   release.sh smoke          ask the site whether it is ready, and for some of its pages
#   release.sh status         print which revision serves, and what images there are
#   release.sh variables      print what the workflows need, as NAME=VALUE for gh variable set
#
# It needs bash, jq, curl and gcloud; push needs skopeo, too.

names=(PROJECT REGION REPOSITORY SERVICE URL{{if .Migrate}} MIGRATE{{end}}{{if .Cron}} MAINTAIN{{end}})
READY=${READY:-/readyz} # where the program says that it can be sent visitors
pages=("$READY"{{range .Smoke}} '{{.}}'{{end}})
SHARES=${SHARES:-10 50 100} # percent of the visitors that the new revision gets, step by step

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

# --- Cloud Run

user=oauth2accesstoken
password() { gcloud auth print-access-token; }

service() { gcloud run services describe "$SERVICE" --project "$PROJECT" --region "$REGION" --format json; }

traffic() { gcloud run services update-traffic "$SERVICE" --project "$PROJECT" --region "$REGION" --quiet "$@" >&2; }

# Of the service as JSON: the revision with the most visitors, the one with a tag,
# and the visitors of that in percent.
serving() { jq -er '[.status.traffic[] | select(.percent)] | group_by(.revisionName) | max_by(map(.percent) | add)[0].revisionName'; }
tagged() { jq -r --arg tag "$1" 'first(.status.traffic[] | select(.tag == $tag) | .revisionName) // empty'; }
visitors() { jq -r --arg name "$1" '[.status.traffic[] | select(.revisionName == $name) | .percent // 0] | add // 0'; }

image_of() { gcloud run revisions describe "$1" --project "$PROJECT" --region "$REGION" --format 'value(spec.containers[0].image)'; }

logs() {
	gcloud logging read "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"$SERVICE\" AND resource.labels.revision_name=\"$next\"" \
		--project "$PROJECT" --freshness 1h --limit 20 --format 'value(timestamp,severity,textPayload,jsonPayload)' >&2
}

# requests SINCE: how many responses of the new revision were errors, and how many
# there were. It counts by revision, so the share of visitors does not matter.
requests() {
	local token
	token=$(gcloud auth print-access-token) || return
	curl --silent --show-error --fail --max-time 30 --retry 2 --get --header @- "https://monitoring.googleapis.com/v3/projects/$PROJECT/timeSeries" \
		--data-urlencode "filter=metric.type=\"run.googleapis.com/request_count\" AND resource.labels.service_name=\"$SERVICE\" AND resource.labels.revision_name=\"$next\"" \
		--data-urlencode "interval.startTime=$1" --data-urlencode "interval.endTime=$(now)" \
		--data-urlencode aggregation.alignmentPeriod=60s --data-urlencode aggregation.perSeriesAligner=ALIGN_SUM \
		--data-urlencode aggregation.crossSeriesReducer=REDUCE_SUM --data-urlencode aggregation.groupByFields=metric.labels.response_code_class \
		<<<"Authorization: Bearer $token" >"$temp/series" || return
	jq -r '[.timeSeries[]? | {error: (.metric.labels.response_code_class == "5xx"), count: ([.points[].value.int64Value | tonumber] | add)}]
		| "\([.[] | select(.error) | .count] | add // 0) \([.[].count] | add // 0)"' "$temp/series"
}

# abort ends a roll-out that has not ended. Its revision has the tag "next", and
# the one before it the tag "before" since the first visitor was moved.
abort() {
	local state old new
	state=$(service)
	new=$(tagged next <<<"$state")
	old=$(tagged before <<<"$state")
	if [ -z "$new" ]; then
		say "no roll-out is under way"
	elif [ "$(visitors "$new" <<<"$state")" -gt 0 ] && [ -n "$old" ]; then
		traffic --to-revisions "$old=100" --remove-tags next
		say "all visitors are back on $old.{{if .Migrate}} Migrations are not undone: each has to suit the version before it, too.{{end}}"
	else
		traffic --remove-tags next
		say "no visitor was on $new"
	fi
}

{{if .Migrate}}# migrate IMAGE is the gate of a roll-out: where it fails, nothing else changes.
migrate() {
	say "migrating"
	gcloud run jobs update "$MIGRATE" --project "$PROJECT" --region "$REGION" --image "$1" --quiet >&2
	hold gcloud run jobs execute "$MIGRATE" --project "$PROJECT" --region "$REGION" --wait --quiet >&2 || {
		gcloud logging read "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"$MIGRATE\"" \
			--project "$PROJECT" --freshness 1h --limit 20 --format 'value(timestamp,severity,textPayload,jsonPayload)' >&2 || true
		die "the migration failed: no visitor was moved"
	}
}

{{end}}roll() {
	local image state before share since url address=()
	abort
	state=$(service)
	before=$(serving <<<"$state") || die "$SERVICE has no revision that serves: see release.sh status"
	image=${1:-$(image_of "$before")}
	if [ -z "$1" ] && [ "${image%@*}" != "$REPOSITORY" ]; then
		say "there is no release yet: nothing to roll"
		return
	fi
	image=$(image "$image")
{{- if .Migrate}}
	migrate "$image"
{{- end}}
	say "starting a revision of $image without visitors"
	hold gcloud run deploy "$SERVICE" --project "$PROJECT" --region "$REGION" --image "$image" --no-traffic --quiet >&2 || {
		next=$(service | jq -r .status.latestCreatedRevisionName)
		begun=1
		die "revision $next did not start: no visitor was moved"
	}
	next=$(service | jq -r .status.latestCreatedRevisionName)
	begun=1
	# The tag comes after: with a tag, gcloud deploys a revision with a name of its own,
	# and the next terraform apply would send that name again.
	traffic --update-tags "next=$next"
	state=$(service)
	if [ "$(jq -r '.metadata.annotations["run.googleapis.com/ingress"] // "all"' <<<"$state")" = all ]; then
		url=$(jq -er '.status.traffic[] | select(.tag == "next") | .url' <<<"$state")
		address=("$url")
		probe "$url" "${pages[@]}"
	else
		say "only the load balancer reaches the service: the first visitors test $next"
	fi
	since=$(now)
	for share in $SHARES; do
		say "$share % of the visitors to $next"
		if [ "$share" -lt 100 ]; then
			traffic --to-revisions "$next=$share,$before=$((100 - share))" --update-tags "before=$before"
		else
			traffic --to-revisions "$next=100" --update-tags "before=$before"
		fi
		watch "$since" "$URL" ${address[@]+"${address[@]}"}
	done
	traffic --to-revisions "$next=100" --remove-tags next
	begun=''
	finish "$image"
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
	local state now_serving target image
	abort
	state=$(service)
	now_serving=$(serving <<<"$state")
	if [ -n "$1" ]; then
		image=$(image "$1")
		target=$(gcloud run revisions list --project "$PROJECT" --region "$REGION" --service "$SERVICE" --format json |
			jq -r --arg image "$image" '[.[] | select(.spec.containers[0].image == $image and any(.status.conditions[]; .type == "Ready" and .status == "True"))]
				| max_by(.metadata.creationTimestamp).metadata.name // empty')
		[ -n "$target" ] || die "no revision of $image is left: roll it, if its migrations still fit: $0 roll $1"
	else
		target=$(tagged before <<<"$state")
		[ -n "$target" ] || die "the revision before is not recorded: name a digest (release.sh status lists them)"
		image=$(image_of "$target")
	fi
	[ "$target" != "$now_serving" ] || die "$target serves already"
	# Without the tag "before", a second "back" cannot lead to what was left.
	if [ -n "$(tagged before <<<"$state")" ]; then
		traffic --to-revisions "$target=100" --remove-tags before
	else
		traffic --to-revisions "$target=100"
	fi
	say "all visitors are on $target.{{if .Migrate}} Migrations are not undone.{{end}}"
	probe "$URL" "${pages[@]}"
	finish "$image"
}

status() {
	service | jq -r '.status.traffic[] | "\(.percent // 0) %\t\(.revisionName)\t\(.tag // "")"'
	gcloud run revisions list --project "$PROJECT" --region "$REGION" --service "$SERVICE" --limit 10 \
		--format 'table(metadata.name,metadata.creationTimestamp,spec.containers[0].image)'
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
