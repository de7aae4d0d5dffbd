# SPDX-License-Identifier: BSD-2-Clause
# bash completion for timesrvctl(1)

# labels of the sources, as the daemon has them now
_timesrvctl_labels() {
	timesrvctl "$@" --json sources 2>/dev/null | sed -n 's/^ *"label" : "\(.*\)",\{0,1\}$/\1/p'
}

_timesrvctl_plugins() {
	timesrvctl "$@" --json plugin list 2>/dev/null |
		sed -n 's/^ *"name" : "\([^"]*\)",\{0,1\}$/\1/p' | sort -u
}

_timesrvctl() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local verbs='status sources source why watch wait server clients access online offline burst step
		plugin config reload metrics log'
	local options='--json --socket --bus --session-bus --wide --check --timeout --max-error --interval
		--seconds --count --limit --good --total --keep --version --help'
	local words=() way=() word i
	COMPREPLY=()
	case $previous in
	-s | --socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s | --socket)
			i=$((i + 1))
			way=(--socket "${COMP_WORDS[i]}")
			;;
		-b | --bus) way=(--bus) ;;
		-*) ;;
		*) words+=("$word") ;;
		esac
	done
	local list=
	case ${words[*]} in
	'') list=$verbs ;;
	source) list="add set remove refresh $(_timesrvctl_labels "${way[@]}")" ;;
	'source set' | 'source remove' | why | online | offline | burst)
		list=$(_timesrvctl_labels "${way[@]}")
		;;
	'source add') list='server= pool= refclock=' ;;
	plugin) list='list info load unload' ;;
	'plugin info' | 'plugin load' | 'plugin unload') list=$(_timesrvctl_plugins "${way[@]}") ;;
	config) list='check show reload' ;;
	log) list='error warning notice info debug' ;;
	esac
	case $current in
	-*) list=$options ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$list" -- "$current")
	case ${COMPREPLY[*]} in
	*=) compopt -o nospace ;;
	esac
}

complete -F _timesrvctl timesrvctl
