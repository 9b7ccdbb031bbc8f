# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for mpathadm(8)

# The names of what there is now; nothing where that cannot be told.
_mpathadm_names() {
    case $1 in
    unit) mpathadm list lu 2>/dev/null | sed -n 's/^\t\([^\t].*\)/\1/p' ;;
    unit-name) mpathadm show lu 2>/dev/null | sed -n 's/^\tName:  //p' ;;
    target-port) mpathadm show lu 2>/dev/null | sed -n 's/^\t\tTarget Port Name:  //p' | sort -u ;;
    initiator-port) mpathadm list initiator-port 2>/dev/null | sed -n 's/^Initiator Port:  //p' ;;
    mpath-support) mpathadm list mpath-support 2>/dev/null | sed -n 's/^mpath-support:  //p' ;;
    load-balance) mpathadm show mpath-support 2>/dev/null |
        sed -n '/Supported Load Balance Types:/,/:/s/^\t\t\t*\([a-z0-9-]*\)$/\1/p' | grep -v '^none$' | sort -u ;;
    esac
}

# The words as the shell takes them up to the cursor: readline also splits at ':' and '='.
_mpathadm_words() {
    local rest=$COMP_LINE piece
    words=()
    for piece in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ ${#words[@]} -eq 0 || $rest == [[:blank:]]* ]]; then
            words+=("$piece")
        else
            words[-1]+=$piece
        fi
        rest=${rest#*"$piece"}
    done
}

# Names come from devices, whoever named them: they are never expanded, and are inserted quoted.
_mpathadm_reply() {
    local current=$1 replaced=${COMP_WORDS[COMP_CWORD]} each quoted
    shift
    [[ $replaced != [:=]* ]] || replaced=''
    COMPREPLY=()
    for each in "$@"; do
        printf -v quoted %q "$each"
        # What is quoted for the open would not be within quotes.
        [[ $current != *[\"\']* || $quoted == "$each" ]] || continue
        [[ $quoted == "${current#[\"\']}"* ]] || continue
        COMPREPLY+=("${quoted:${#current}-${#replaced}}")
    done
}

_mpathadm() {
    local -a words offered=()
    _mpathadm_words
    local current=${words[-1]} previous=${words[-2]} verb='' object='' word
    if [[ $current == --*=* && ${COMP_WORDS[COMP_CWORD]} != --* ]]; then
        previous=${current%%=*}
        current=${current#*=}
    fi
    for word in "${words[@]:1:${#words[@]}-2}"; do
        [[ $word != -* ]] || continue
        if [[ -z $verb ]]; then
            verb=${word,,}
        else
            object=${word,,}
            break
        fi
    done
    [[ $object != lu ]] || object=logical-unit

    case $verb in
    '') offered=(list show modify enable disable failover override status watch) ;;
    status | watch) ;;
    *)
        if [[ -z $object ]]; then
            case $verb in
            list | show) offered=(mpath-support logical-unit lu initiator-port) ;;
            modify) offered=(mpath-support logical-unit lu) ;;
            failover) offered=(logical-unit lu) ;;
            enable | disable | override) offered=(path) ;;
            esac
        fi
        ;;
    esac

    if [[ -z $verb || ($verb != status && $verb != watch && -z $object) ]]; then
        [[ $current != -* ]] || offered=(--help --json --strict)
    else
        case $previous in
        -a | --autofailback | -p | --autoprobe) offered=(on off) ;;
        -b | --loadbalance) mapfile -t offered < <(_mpathadm_names load-balance) ;;
        -i | --initiator-port) mapfile -t offered < <(_mpathadm_names initiator-port) ;;
        -l | --logical-unit) mapfile -t offered < <(_mpathadm_names unit) ;;
        -n | --inqname) mapfile -t offered < <(_mpathadm_names unit-name) ;;
        -t | --target-port) mapfile -t offered < <(_mpathadm_names target-port) ;;
        *)
            if [[ $current == -* ]]; then
                case $verb:$object in
                list:logical-unit) offered=(--help --json --strict --inqname --target-port) ;;
                list:* | show:* | status:*) offered=(--help --json --strict) ;;
                watch:*) offered=(--help --json) ;;
                modify:*) offered=(--help --autofailback --autoprobe --loadbalance) ;;
                enable:* | disable:*) offered=(--help --initiator-port --target-port --logical-unit) ;;
                override:*) offered=(--help --initiator-port --target-port --logical-unit --cancel) ;;
                *) offered=(--help) ;;
                esac
            else
                case $verb:$object in
                status:* | *:logical-unit) mapfile -t offered < <(_mpathadm_names unit) ;;
                *:initiator-port | *:mpath-support) mapfile -t offered < <(_mpathadm_names "$object") ;;
                esac
            fi
            ;;
        esac
    fi
    _mpathadm_reply "$current" "${offered[@]}"
}
complete -F _mpathadm mpathadm
