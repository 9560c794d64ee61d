#compdef itick-tui
# What zsh asks itick-tui at Tab. For ~/.zshrc, below compinit: eval "$(itick-tui completion zsh)"

_itick-tui() {
    local -a answer
    local line="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX"
    answer=("${(@f)$(COMP_LINE=$line _ITICK_TUI_COMPLETE=itick-zsh_complete itick-tui 2>/dev/null)}")
    local kind=$answer[1]
    shift answer
    compset -P 1 '--*='
    case $kind in
        file) _files ;;
        dir) _files -/ ;;
        list) compset -P '*,'; _describe -V itick-tui answer -S '' ;;
        plain) _describe -V itick-tui answer ;;
        *) return 1 ;;
    esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _itick-tui "$@"
else
    compdef _itick-tui itick-tui
fi
