#!/usr/bin/env bash
# Releases {{.Name}} on ECS, by hand and from the workflows.
#
#   release.sh push LAYOUT    push the image that gorgon deploy wrote, and print its digest
#   release.sh roll [IMAGE]   {{if .Migrate}}migrate, {{end}}replace the tasks, and watch them; IMAGE is NAME@sha256:... or
#                             the digest alone, and without it the image that serves now gets the
#                             settings of the last terraform apply
#   release.sh back [DIGEST]  replace the tasks by those of the release before, or of an earlier image
#   release.sh abort          end a roll-out that was interrupted, with the release before it
#   release.sh smoke          ask the site whether it is ready, and for some of its pages
#   release.sh status         print what runs, and what images there are
#   release.sh variables      print what the workflows need, as NAME=VALUE for gh variable set
#
# It needs bash, jq, curl and aws; push needs skopeo, too.

names=(REGION REPOSITORY CLUSTER SERVICE TEMPLATE FAMILY BALANCER LOGS URL{{if .Migrate}} MIGRATE{{end}})
READY=${READY:-/readyz} # where the program says that it can be sent visitors
pages=("$READY"{{range .Smoke}} '{{.}}'{{end}})
export AWS_PAGER=''

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

# --- ECS

user=AWS
password() { aws ecr get-login-password --region "$REGION"; }

service() { aws ecs describe-services --region "$REGION" --cluster "$CLUSTER" --services "$SERVICE" --output json | jq -e '.services[0]'; }

# revision NAME: a task definition with its tags; the newest where a family is named.
revision() { aws ecs describe-task-definition --region "$REGION" --task-definition "$1" --include TAGS --output json; }

# Of a revision as JSON: a tag of it, and its image. A revision that release.sh made
# has the tag "before", and "released" once its roll-out has ended well.
tag() { jq -r --arg key "$1" 'first(.tags[]? | select(.key == $key) | .value) // empty'; }
image_of() { jq -r '.taskDefinition.containerDefinitions[0].image'; }

replace() { aws ecs update-service --region "$REGION" --cluster "$CLUSTER" --service "$SERVICE" --query service.taskDefinition --output text "$@" >&2; }

# lines STREAMS: the newest of the last ten minutes.
lines() {
	aws logs filter-log-events --region "$REGION" --log-group-name "$LOGS" --log-stream-name-prefix "$1" --start-time "$((($(date +%s) - 600) * 1000))" --output json |
		jq -r '.events[-20:][].message' >&2
}
logs() {
	service | jq -r '.events[:5][].message' >&2 # what ECS says itself
	lines app/
}

# count METRIC SINCE: how many requests there were of a kind.
count() {
	aws cloudwatch get-metric-statistics --region "$REGION" --namespace AWS/ApplicationELB --metric-name "$1" --dimensions "Name=LoadBalancer,Value=$BALANCER" \
		--start-time "$2" --end-time "$(now)" --period 60 --statistics Sum --output json | jq '[.Datapoints[].Sum] | add // 0 | floor'
}

# requests SINCE: how many responses were errors, of the program and of the load
# balancer that found no task, and how many there were.
requests() {
	local program edge all
	program=$(count HTTPCode_Target_5XX_Count "$1") || return
	edge=$(count HTTPCode_ELB_5XX_Count "$1") || return
	all=$(count RequestCount "$1") || return
	echo "$((program + edge)) $((all + edge))" # RequestCount is of those that a task got
}

# register TAG...: of a revision as JSON, as a new one. It prints its ARN.
register() {
	jq '.taskDefinition | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy, .deregisteredAt, .deleteRequestedAt)' >"$temp/task.json" || return
	aws ecs register-task-definition --region "$REGION" --cli-input-json "file://$temp/task.json" --tags "$@" --query taskDefinition.taskDefinitionArn --output text
}

# make FAMILY COMMAND IMAGE BEFORE: a revision from Terraform's newest template, with an
# image and a command of the program.
make() {
	revision "$TEMPLATE" | jq --arg family "$1" --arg command "$2" --arg image "$3" \
		'.taskDefinition.family = $family | .taskDefinition.containerDefinitions[0] += {image: $image, command: [$command]}' >"$temp/made" || return
	register "key=before,value=$4" <"$temp/made"
}

# arrive REVISION [SINCE]: wait until its deployment has ended well. ECS's own waiter
# also ends well after the circuit breaker has gone back. With SINCE, the site has
# to stay ready meanwhile.
arrive() {
	local waited=0 state
	while :; do
		state=$(service | jq -r --arg revision "$1" 'first(.deployments[] | select(.taskDefinition == $revision) | .rolloutState) // "gone"')
		case $state in
		COMPLETED) return ;;
		FAILED | gone) die "$1: ECS gave up the deployment" ;;
		esac
		[ "$waited" -lt "$PATIENCE" ] || die "$1: after $PATIENCE s, the deployment is $state"
		hold sleep "$POLL"
		waited=$((waited + POLL))
		if [ -n "${2:-}" ]; then
			probe "$URL" "$READY"
			judge "$2"
		fi
	done
}

# releases N: the newest revisions of the family, which release.sh made.
releases() {
	aws ecs list-task-definitions --region "$REGION" --family-prefix "$FAMILY" --status ACTIVE --sort DESC --max-items "$1" --output json | jq -r '.taskDefinitionArns[]'
}

# abort ends a roll-out that has not ended. The revision that failed goes, also if ECS
# has gone back by itself: the schedule runs the newest of the family.
abort() {
	local newest before none=()
	newest=$(releases 1)
	[ -z "$newest" ] || revision "$newest" >"$temp/newest"
	if [ -z "$newest" ] || [ -n "$(tag released <"$temp/newest")" ]; then
		say "no roll-out is under way"
		return
	fi
	before=$(tag before <"$temp/newest")
	if [ "$(service | jq -r .taskDefinition)" = "$newest" ]; then
		# Before the first release there is nothing that could run.
		[ -n "$(revision "$before" | tag released)" ] || none=(--desired-count 0)
		replace --task-definition "$before" ${none[@]+"${none[@]}"}
	fi
	aws ecs deregister-task-definition --region "$REGION" --task-definition "$newest" --query taskDefinition.status --output text >&2
	say "$newest is given up for $before.{{if .Migrate}} Migrations are not undone: each has to suit the version before it, too.{{end}}"
}

{{if .Migrate}}# migrate IMAGE is the gate of a roll-out: where it fails, nothing else changes. A task
# that failed has stopped as one that ended well, so the exit code is read.
migrate() {
	local task network waited=0
	say "migrating"
	task=$(make "$MIGRATE" migrate "$1" none)
	network=$(service | jq -c .networkConfiguration)
	task=$(aws ecs run-task --region "$REGION" --cluster "$CLUSTER" --task-definition "$task" --launch-type FARGATE --network-configuration "$network" --output json |
		jq -er '.tasks[0].taskArn') || die "the task of the migration did not start"
	while :; do
		aws ecs describe-tasks --region "$REGION" --cluster "$CLUSTER" --tasks "$task" --output json >"$temp/task"
		[ "$(jq -r '.tasks[0].lastStatus' "$temp/task")" != STOPPED ] || break
		[ "$waited" -lt "$PATIENCE" ] || die "the migration still runs after $PATIENCE s: $task"
		hold sleep 10
		waited=$((waited + 10))
	done
	jq -e '.tasks[0].containers[0].exitCode == 0' "$temp/task" >/dev/null || {
		jq -r '.tasks[0] | .stoppedReason, .containers[0].reason // empty' "$temp/task" >&2
		lines "app/app/${task##*/}" || true
		die "the migration failed: no task was replaced"
	}
}

{{end}}roll() {
	local image state before since least first='' start=()
	abort
	state=$(service)
	before=$(jq -r .taskDefinition <<<"$state")
	revision "$before" >"$temp/before"
	image=${1:-$(image_of <"$temp/before")}
	if [ -z "$1" ] && [ -z "$(tag released <"$temp/before")" ]; then
		say "there is no release yet: nothing to roll"
		return
	fi
	image=$(image "$image")
{{- if .Migrate}}
	migrate "$image"
{{- end}}
	next=$(make "$FAMILY" serve "$image" "$before")
	begun=1
	since=$(now)
	if [ "$(jq -r .desiredCount <<<"$state")" -eq 0 ]; then
		first=1 # no task serves yet, and scaling leaves a service of none alone
		least=$(aws application-autoscaling describe-scalable-targets --region "$REGION" --service-namespace ecs --resource-ids "service/$CLUSTER/$SERVICE" \
			--query 'ScalableTargets[0].MinCapacity' --output text)
		start=(--desired-count "$least")
	fi
	say "replacing the tasks by those of $next"
	replace --task-definition "$next" ${start[@]+"${start[@]}"}
	if [ -z "$first" ]; then
		arrive "$next" "$since"
	else
		arrive "$next"
		since=$(now)
	fi
	watch "$since" "$URL"
	aws ecs tag-resource --region "$REGION" --resource-arn "$next" --tags "key=released,value=$(now)"
	begun=''
	say "released $image as $next"
}

back() {
	local serves target='' image name
	abort
	serves=$(service | jq -r .taskDefinition)
	if [ -n "$1" ]; then
		image=$(image "$1")
		for name in $(releases 50); do
			revision "$name" >"$temp/revision"
			if [ "$(image_of <"$temp/revision")" = "$image" ] && [ -n "$(tag released <"$temp/revision")" ]; then
				target=$name
				break
			fi
		done
		[ -n "$target" ] || die "no release of $image is among the last 50 revisions: roll it, if its migrations still fit: $0 roll $1"
	else
		target=$(revision "$serves" | tag before)
		[ -n "$target" ] || die "the release before is not recorded: name a digest (release.sh status lists them)"
	fi
	[ "$target" != "$serves" ] || die "$target serves already"
	# As the newest revision of the family, so that the schedule runs it, too.
	revision "$target" >"$temp/revision"
	[ -n "$(tag released <"$temp/revision")" ] || die "there was no release before $serves"
	next=$(register "key=before,value=$(tag before <"$temp/revision")" "key=released,value=$(now)" <"$temp/revision")
	replace --task-definition "$next"
	arrive "$next"
	say "all tasks are those of $target, as $next.{{if .Migrate}} Migrations are not undone.{{end}}"
	probe "$URL" "${pages[@]}"
}

status() {
	local name
	service | jq -r '.deployments[] | "\(.status)\t\(.taskDefinition)\t\(.runningCount) of \(.desiredCount)\t\(.rolloutState)"'
	for name in $(releases 10); do
		revision "$name" | jq -r '"\(.taskDefinition.revision)\t\(.taskDefinition.containerDefinitions[0].image)\t\(first(.tags[]? | select(.key == "released") | .value) // "")"'
	done
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
