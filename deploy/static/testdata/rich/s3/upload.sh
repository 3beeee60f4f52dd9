#!/bin/sh
# shellcheck disable=SC2016 # a dollar sign in a name or a URL means itself
# Uploads rich to a bucket of S3, or of a service that speaks its protocol:
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

aws s3 sync --size-only "$site" "$bucket" "$@" \
	--content-type 'text/css; charset=utf-8' --cache-control 'public, max-age=31536000, immutable' \
	--exclude '*' --include '_gorgon/assets/*.css'

aws s3 sync --size-only "$site" "$bucket" "$@" \
	--content-type 'text/javascript; charset=utf-8' --cache-control 'public, max-age=31536000, immutable' \
	--exclude '*' --include '_gorgon/assets/*.js'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'application/json' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.json' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'application/rss+xml' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.css' --exclude 'style.css' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'image/vnd.microsoft.icon' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.ico' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/plain; charset=utf-8' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.txt' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'application/xml' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.xml' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/css; charset=utf-8' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --exclude '_gorgon/assets/*' --include 'style.css'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'private, no-store' \
	--exclude '*' --exclude '_gorgon/assets/*' --include '404.html'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.html' --exclude '404.html' --exclude 'de/strict/index.html' --exclude 'strict/index.html' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'no-cache' \
	--exclude '*' --exclude '_gorgon/assets/*' --include 'de/strict/index.html' --include 'strict/index.html'

printf '' | aws s3 cp - "$bucket/"'at/old' "$@" \
	--website-redirect '/about' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'at/soon' "$@" \
	--website-redirect 'https://example.org/a?b=c#d' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'de/at/old' "$@" \
	--website-redirect '/de/about' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'de/at/soon' "$@" \
	--website-redirect 'https://example.org/a?b=c#d' --cache-control 'public, max-age=0, must-revalidate'

# What is left to do is to delete: by size all that is here is there.
aws s3 sync "$site" "$bucket" "$@" --delete --size-only \
	--exclude 'at/old' --exclude 'at/soon' --exclude 'de/at/old' --exclude 'de/at/soon' --exclude '_gorgon/assets/*' --exclude '_headers' --exclude '_redirects' --exclude '.nojekyll' --exclude 'CNAME'
