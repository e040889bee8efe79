import { argumentRows, glob, indented, type ScriptTable, sourceKey } from "./script-table.ts";

/** The completion for bash 4 or later; needs no bash-completion. */
export function bashScript({ places, valued, values }: ScriptTable): string {
  return `# bash completion of sssonector. To use it: source <(sssonector completion bash)
_sssonector() {
  local cur=\${COMP_WORDS[COMP_CWORD]} place= option= socket= source= word item i
  local -i count=0
  local -a items=()
  COMPREPLY=()
  # bash takes "=" for a word of its own.
  [[ $cur == = ]] && cur=
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${valued.join(" | ")})
        [[ \${COMP_WORDS[i + 1]} == = ]] && ((i++))
        ((++i >= COMP_CWORD)) && option=$word
        [[ $word == --socket ]] && socket=\${COMP_WORDS[i]}
        ;;
      -* | =) ;;
      *)
        case "\${place:+$place }$word" in
          ${places.flatMap(({ path }) => (path === "" ? [] : [`"${path}"`])).join(" | ")}) place="\${place:+$place }$word" ;;
          *) ((count++)) ;;
        esac
        ;;
    esac
  done
  # "--for drained=eu-1": the value's own "=".
  if [[ \${COMP_WORDS[COMP_CWORD]} == = ]]; then i=COMP_CWORD; else i=COMP_CWORD-1; fi
  if [[ \${COMP_WORDS[i]} == = && \${COMP_WORDS[i - 1]} != -* ]]; then
    source="live backends"
  elif [[ -n $option ]]; then
    case "$place $option" in
${indented(
  4,
  values.map(([key, source]) => `  ${glob(key)}) source="${sourceKey(source)}" ;;`),
)}    esac
  else
    case "$place/$count" in
${indented(
  4,
  argumentRows(places).map(([key, source]) => `  "${key}") source="${sourceKey(source)}" ;;`),
)}    esac
    case $place in
${indented(
  4,
  places.map(({ path, words }) => `  "${path}") items=(${words.map(({ word }) => word).join(" ")}) ;;`),
)}    esac
    # Options only where one is begun, or nothing else could stand.
    if [[ $cur != -* && -n $source ]]; then items=(); fi
  fi
  case $source in
    files)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    "words "*) items+=(\${source#words }) ;;
    "live "*)
      [[ $cur == -* ]] || while IFS=$'\\t' read -r item _; do
        items+=("$item")
      done < <(sssonector completion names \${source#live } \${socket:+--socket "$socket"} 2>/dev/null)
      ;;
  esac
  for item in "\${items[@]}"; do
    [[ $item == "$cur"* ]] && COMPREPLY+=("$item")
  done
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _sssonector sssonector
`;
}
