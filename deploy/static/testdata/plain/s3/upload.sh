#!/bin/sh
# shellcheck disable=SC2016 # a dollar sign in a name or a URL means itself
# Uploads plain to a bucket of S3, or of a service that speaks its protocol:
#
#   upload.sh BUCKET [OPTION OF aws s3]...     as in: upload.sh example.com --dryrun
#
# Assets come first, then other files, then pages, then redirects; what is gone
# from the site is deleted last, but for assets, which older pages still need.
# manifest.json says what the bucket then holds.
set -eu

if [ $# -lt 1 ]; then
	printf 'usage: upload.sh BUCKET [OPTION OF aws s3]...\n' >&2
	exit 2
fi
bucket=s3://$1
shift
site=$(CDPATH='' cd -- "$(dirname -- "$0")/../site" && pwd)
command -v aws >/dev/null || {
	printf 'upload.sh: there is no aws command: install the AWS CLI\n' >&2
	exit 1
}

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/plain; charset=utf-8' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.txt' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'private, no-store' \
	--exclude '*' --exclude '_gorgon/assets/*' --include '404.html'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.html' --exclude '404.html' --exclude '_gorgon/assets/*'

# What is left to do is to delete: by size all that is here is there.
aws s3 sync "$site" "$bucket" "$@" --delete --size-only \
	--exclude '_gorgon/assets/*' --exclude '_headers' --exclude '_redirects' --exclude '.nojekyll'
