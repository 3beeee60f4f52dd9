#!/bin/sh
# shellcheck disable=SC2016 # a dollar sign in a name or a URL means itself
# Uploads slashes to a bucket of S3, or of a service that speaks its protocol:
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
	--content-type 'application/rss+xml' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.xml' --exclude 'sitemap.xml' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/plain; charset=utf-8' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.txt' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'application/xml' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --exclude '_gorgon/assets/*' --include 'sitemap.xml'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'private, no-store' \
	--exclude '*' --exclude '_gorgon/assets/*' --include '404.html'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'public, max-age=0, must-revalidate' \
	--exclude '*' --include '*.html' --exclude '404.html' --exclude 'de/posts/strict/index.html' --exclude 'posts/strict/index.html' --exclude '_gorgon/assets/*'

aws s3 cp --recursive "$site" "$bucket" "$@" \
	--content-type 'text/html; charset=utf-8' --cache-control 'no-cache' \
	--exclude '*' --exclude '_gorgon/assets/*' --include 'de/posts/strict/index.html' --include 'posts/strict/index.html'

printf '' | aws s3 cp - "$bucket/"'2019/old.html' "$@" \
	--website-redirect '/tags/1/?page=1#top' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'de/2019/old.html' "$@" \
	--website-redirect '/de/tags/1/?page=1#top' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'de/far' "$@" \
	--website-redirect 'https://example.org/#there' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'de/old/' "$@" \
	--website-redirect '/de/posts/a%20b/' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'de/old/page' "$@" \
	--website-redirect '/de/about' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'de/out' "$@" \
	--website-redirect 'https://example.org/$x?z%7B#a$b' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'far' "$@" \
	--website-redirect 'https://example.org/#there' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'old/' "$@" \
	--website-redirect '/posts/a%20b/' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'old/page' "$@" \
	--website-redirect '/about' --cache-control 'public, max-age=0, must-revalidate'

printf '' | aws s3 cp - "$bucket/"'out' "$@" \
	--website-redirect 'https://example.org/$x?z%7B#a$b' --cache-control 'public, max-age=0, must-revalidate'

# What is left to do is to delete: by size all that is here is there.
aws s3 sync "$site" "$bucket" "$@" --delete --size-only \
	--exclude '2019/old.html' --exclude 'de/2019/old.html' --exclude 'de/far' --exclude 'de/old/' --exclude 'de/old/page' --exclude 'de/out' --exclude 'far' --exclude 'old/' --exclude 'old/page' --exclude 'out' --exclude '_gorgon/assets/*' --exclude '_headers' --exclude '_redirects' --exclude '.nojekyll'
