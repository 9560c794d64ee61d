# What bash, 4.4 or later, asks itick-tui at Tab. For ~/.bashrc: eval "$(itick-tui completion bash)"

_itick_tui_completion() {
    local answer
    mapfile -t answer < <(
        COMP_LINE=${COMP_LINE:0:COMP_POINT} COMP_WORD=$2 _ITICK_TUI_COMPLETE=itick-bash_complete itick-tui 2>/dev/null
    )
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]-} in
        file) compopt -o default ;;
        dir) compopt -o dirnames ;;
        list) compopt -o nospace ;;
    esac
}

complete -o nosort -F _itick_tui_completion itick-tui
