# What fish asks itick-tui at Tab. Once: itick-tui completion fish >~/.config/fish/completions/itick-tui.fish

function __itick_tui_completion
    command --query itick-tui; or return
    set -l line (commandline -cp | string collect)
    set -l answer (COMP_LINE=$line _ITICK_TUI_COMPLETE=itick-fish_complete itick-tui 2>/dev/null)
    set -l files complete -C "'' "(commandline -ct | string collect)
    switch "$answer[1]"
        case file
            $files
        case dir
            $files | string match '*/'
        case '*'
            string join -- \n $answer[2..]
    end
end

complete --command itick-tui --no-files --keep-order --arguments '(__itick_tui_completion)'
