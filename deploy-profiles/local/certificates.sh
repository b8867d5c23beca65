# shellcheck shell=bash
# Keys, certificates and tokens of an installation that is its own authority, by the openssl program and parley. A certificate says who
# its holder is by a SPIFFE URI (deploy-profiles/README.md lists them); localhost is among its names so that clients which
# look at host names are content. Everything is made once and kept: what exists is left alone. Sourced, never run.

# make_file PATH COMMAND…: PATH appears whole or not at all, and is its owner's alone.
make_file()
{
	local path=$1
	shift
	[ ! -s "$path" ] || return 0
	(umask 077 && "$@" >"$path.new") && mv "$path.new" "$path"
}

new_private_key()
{
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
}

# authority_make FOLDER: the key and certificate that sign all others.
authority_make()
{
	mkdir -p "$1"
	make_file "$1/ca.key" new_private_key
	make_file "$1/ca.crt" openssl req -x509 -new -key "$1/ca.key" -days 3650 -subj "/O=Parley/CN=Parley private authority" \
		-addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign"
}

signed_certificate()
{
	local authority=$1 key=$2 name=$3 uri=$4
	openssl req -new -key "$key" -subj "/O=Parley/CN=$name" |
		openssl x509 -req -CA "$authority/ca.crt" -CAkey "$authority/ca.key" -days 825 -set_serial "0x$(openssl rand -hex 16)" \
			-extfile <(printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
				"extendedKeyUsage=serverAuth,clientAuth" \
				"subjectAltName=URI:$uri,DNS:localhost,IP:127.0.0.1,IP:::1")
}

# certificate_make AUTHORITY FOLDER NAME SPIFFE-URI: NAME.key and NAME.crt in FOLDER, signed by the authority.
certificate_make()
{
	make_file "$2/$3.key" new_private_key
	make_file "$2/$3.crt" signed_certificate "$1" "$2/$3.key" "$3" "$4"
}

# signing_key_make FILE.key [PASSPHRASE-FILE]: an Ed25519 pair, FILE.key and FILE.pub, encrypted if there is a passphrase.
signing_key_make()
{
	[ ! -s "$1" ] || [ ! -s "${1%.key}.pub" ] || return 0
	rm -f "$1" "${1%.key}.pub" # half a pair
	if [ -n "${2:-}" ]; then
		parley key new "$1" --passphrase-file "$2"
	else
		parley key new "$1" --no-passphrase
	fi
}

random_text()
{
	openssl rand -base64 "${1:-32}" | tr '+/' '-_' | tr -d '=\n'
}

# token_make FILE: 32 random bytes in base64url.
token_make()
{
	make_file "$1" random_text 32
}

# token_digest FILE: what a runtime's configuration lists in the token's place.
token_digest()
{
	openssl dgst -sha256 -r "$1" | cut -d' ' -f1
}
