import type { Source, Word } from "./places.ts";
import { argumentRows, indented, type ScriptTable, sourceKey } from "./script-table.ts";

/** The completion for fish 3. */
export function fishScript({ places, valued, values }: ScriptTable): string {
  return `# fish completion of sssonector. To use it: sssonector completion fish | source
function __sssonector_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc)[2..]
    set -l place
    set -l option
    set -l socket
    set -l source
    set -l count 0
    for word in $words
        if test -n "$option"
            test $option = --socket; and set socket --socket $word
            set option
            continue
        end
        switch $word
            case ${valued.join(" ")}
                set option $word
            case '--socket=*'
                set socket $word
            case '-*'
            case '*'
                switch (string join ' ' $place $word)
                    case ${places.flatMap(({ path }) => (path === "" ? [] : [quote(path)])).join(" ")}
                        set place $place $word
                    case '*'
                        set count (math $count + 1)
                end
        end
    end
    set -l at (string join ' ' $place)
    if test -n "$option"
        switch "$at $option"
${indented(12, values.map(setSource))}        end
        if test "$option" = --for; and string match -q '*=*' -- $current
            for name in (sssonector completion names backends $socket 2>/dev/null | string split -f1 \\t)
                echo (string replace -r '=.*' '=' -- $current)$name
            end
            return
        end
    else
        switch "$at/$count"
${indented(12, argumentRows(places).map(setSource))}        end
    end
    switch "$source[1]"
        case files
            __fish_complete_path $current
        case words
            printf '%s\\n' $source[2..]
        case live
            string match -q -- '-*' $current; or sssonector completion names $source[2..] $socket 2>/dev/null
    end
    if test -n "$option"
        return
    end
    if test -n "$source"; and not string match -q -- '-*' $current
        return
    end
    switch "$at"
${indented(
  12,
  places.map(
    ({ path, words }) => `case ${quote(path)}\n                printf '%s\\t%s\\n' ${words.map(print).join(" ")}`,
  ),
)}    end
end
complete -c sssonector -f -a '(__sssonector_complete)'
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function setSource([key, source]: readonly [string, Source]): string {
  return `case ${quote(key)}\n                set source ${sourceKey(source)}`;
}

function print({ word, does }: Word): string {
  return `${quote(word)} ${quote(does)}`;
}
