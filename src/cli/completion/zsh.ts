import type { Word } from "./places.ts";
import { argumentRows, glob, indented, type ScriptTable, sourceKey } from "./script-table.ts";

/** The completion for zsh: to be sourced, or as the file _sssonector in $fpath. */
export function zshScript({ places, valued, values }: ScriptTable): string {
  return `#compdef sssonector
# zsh completion of sssonector. To use it: source <(sssonector completion zsh)
_sssonector() {
  local place= option= socket= source= word
  local -i i count=0
  local -a items names
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    case $word in
      (${valued.join("|")})
        ((++i >= CURRENT)) && option=$word
        [[ $word == --socket ]] && socket=\${words[i]}
        ;;
      (--socket=*) socket=\${word#*=} ;;
      (-*) ;;
      (*)
        case "\${place:+$place }$word" in
          (${places.flatMap(({ path }) => (path === "" ? [] : [`"${path}"`])).join("|")}) place="\${place:+$place }$word" ;;
          (*) ((count++)) ;;
        esac
        ;;
    esac
  done
  if [[ -z $option && $PREFIX == --*=* ]]; then
    option=\${PREFIX%%=*}
    compset -P 1 '*='
  fi
  if [[ $option == --for && $PREFIX == *=* ]]; then
    compset -P 1 '*='
    source="live backends"
  elif [[ -n $option ]]; then
    case "$place $option" in
${indented(
  6,
  values.map(([key, source]) => `(${glob(key)}) source="${sourceKey(source)}" ;;`),
)}    esac
  else
    case "$place/$count" in
${indented(
  6,
  argumentRows(places).map(([key, source]) => `("${key}") source="${sourceKey(source)}" ;;`),
)}    esac
    case $place in
${indented(
  6,
  places.map(({ path, words }) => `("${path}") items=(${words.map(described).join(" ")}) ;;`),
)}    esac
    if [[ $PREFIX != -* && -n $source ]]; then items=(); fi
  fi
  case $source in
    (files) _files ;;
    (words\\ *)
      names=(\${(s: :)source#words })
      compadd -S '' -- \${(M)names:#*=}
      compadd -- \${names:#*=}
      ;;
    (live\\ *)
      names=(\${(f)"$(sssonector completion names \${(s: :)source#live } \${socket:+--socket} $socket 2>/dev/null)"})
      compadd -- \${names%%$'\\t'*}
      ;;
  esac
  (( $#items )) && _describe sssonector items
}
if [[ $funcstack[1] == _sssonector ]]; then
  _sssonector "$@"
else
  compdef _sssonector sssonector
fi
`;
}

function described({ word, does }: Word): string {
  return `'${word}:${does.replaceAll("'", `'\\''`)}'`;
}
