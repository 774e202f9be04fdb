#include "cli/command_line_text.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <vector>

#include "cli/arguments.hpp"
#include "scenarios/library/library.hpp"

namespace tailrace::cli {

namespace {

using Commands = std::vector<const CLI::App*>;

Commands commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> options(const CLI::App& app) {
  return app.get_options([](const CLI::Option*) { return true; });
}

// "--jobs", "-j"
std::vector<std::string> flags(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() != 0;  // flags expect none
}

// "text|json" has words to choose from, "DIR" and "lhs:N|sobol:N" have not.
std::vector<std::string> choices(const CLI::Option& option) {
  std::vector<std::string> words;
  const std::string type = option.get_type_name();
  if (type.find('|') == std::string::npos || type.find(':') != std::string::npos) return words;
  for (std::size_t from = 0; from <= type.size();) {
    const std::size_t to = std::min(type.find('|', from), type.size());
    words.push_back(type.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

// Signs that roff would read as its own.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (out.empty() && (c == '.' || c == '\''))
      out += std::string("\\&") + c;
    else
      out += c;
  }
  return out;
}

std::string option_entry(const CLI::Option& option) {
  std::string head;
  if (option.get_positional()) {
    head = fmt::format("\\fI{}\\fR", roff(option.get_name()));
  } else {
    for (const std::string& name : flags(option))
      head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", roff(name));
    if (takes_value(option)) head += fmt::format(" \\fI{}\\fR", roff(option.get_type_name()));
  }
  return fmt::format(".TP\n{}\n{}\n", head, roff(option.get_description()));
}

// In single quotes for a shell.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
    text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string library_names() {
  std::string names;
  for (const scenarios::LibraryScenario& s : scenarios::library()) {
    if (!names.empty()) names += ' ';
    names += s.name;
  }
  return names;
}

}  // namespace

std::string manual_page(const CLI::App& app) {
  std::string out = fmt::format(
      ".TH TAILRACE 1 \"\" \"tailrace {}\" \"User Commands\"\n"
      ".SH NAME\ntailrace \\- simulate systems of services, request by request\n"
      ".SH SYNOPSIS\n.B tailrace\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\n{}\n"
      "A scenario says who calls whom, how long work takes, how many workers, cores and connections there "
      "are, and what happens on a timeout or a fault. tailrace simulates it and says what users will feel, "
      "where the time goes, and how sure each figure is.\n"
      ".SH COMMANDS\n",
      kVersion, roff(app.get_description()));
  for (const CLI::App* command : commands(app)) {
    out += fmt::format(".SS tailrace {}\n{}\n", roff(command->get_name()), roff(command->get_description()));
    for (const CLI::Option* option : options(*command)) out += option_entry(*option);
  }
  return out +
         ".SH EXIT STATUS\n"
         ".TP\n0\ngood\n"
         ".TP\n2\nthe command line is wrong\n"
         ".TP\n3\nthe scenario is wrong\n"
         ".TP\n4\na limit was reached; partial results are written\n"
         ".TP\n5\ninput or output failed\n"
         ".TP\n70\nan internal error\n"
         ".TP\n99\nthresholds failed\n"
         ".TP\n130, 143\ninterrupted; partial results are written\n"
         ".SH EXAMPLES\n"
         ".TP\ntailrace run retry\\-storm\na scenario of the library\n"
         ".TP\ntailrace run shop.yaml \\-\\-set services.cart.replicas=4 \\-\\-out results\n"
         "one of your own, changed, with files to read on\n";
}

std::string bash_completion(const CLI::App& app) {
  std::string names, cases;
  for (const CLI::App* command : commands(app)) {
    names += (names.empty() ? "" : " ") + command->get_name();
    std::string words, values;
    for (const CLI::Option* option : options(*command)) {
      for (const std::string& flag : flags(*option)) words += (words.empty() ? "" : " ") + flag;
      const std::vector<std::string> list = choices(*option);
      if (!list.empty() && !flags(*option).empty())
        values +=
            fmt::format("        {}) words='{}' ;;\n", fmt::join(flags(*option), "|"), fmt::join(list, " "));
    }
    cases += fmt::format("    {}) words='{}'\n      case \"$before\" in\n{}      esac ;;\n",
                         command->get_name(), words, values);
  }
  return fmt::format(R"(# bash completion for tailrace; made by `tailrace completion bash`
_tailrace() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{} --help --version' -- "$word"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  case "$word" in
    -*) ;;
    *) COMPREPLY+=($(compgen -f -- "$word") $(compgen -W '{}' -- "$word")) ;;
  esac
}}
complete -o filenames -F _tailrace tailrace
)",
                     names, cases, library_names());
}

std::string zsh_completion(const CLI::App& app) {
  return "#compdef tailrace\nautoload -U +X bashcompinit && bashcompinit\n" + bash_completion(app) +
         "# The first completion loads this file, and is answered here; later ones go to what is "
         "registered.\n"
         "if [ \"${funcstack[1]}\" = _tailrace ]; then _bash_complete -o filenames -F _tailrace; fi\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string out = "# fish completion for tailrace; made by `tailrace completion fish`\n";
  for (const CLI::App* command : commands(app)) {
    out += fmt::format("complete -c tailrace -n __fish_use_subcommand -f -a {} -d {}\n", command->get_name(),
                       quoted(command->get_description()));
    for (const CLI::Option* option : options(*command)) {
      if (flags(*option).empty()) continue;
      out += fmt::format("complete -c tailrace -n '__fish_seen_subcommand_from {}'", command->get_name());
      for (const std::string& name : option->get_lnames()) out += " -l " + name;
      for (const std::string& name : option->get_snames()) out += " -s " + name;
      if (takes_value(*option)) out += " -r";
      const std::vector<std::string> list = choices(*option);
      if (!list.empty()) out += fmt::format(" -f -a {}", quoted(fmt::format("{}", fmt::join(list, " "))));
      out += fmt::format(" -d {}\n", quoted(option->get_description()));
    }
  }
  for (const char* command :
       {"run", "check", "compare", "sweep", "plan", "metastability", "rare", "sensitivity", "show"})
    out += fmt::format("complete -c tailrace -n '__fish_seen_subcommand_from {}' -a {}\n", command,
                       quoted(library_names()));
  return out;
}

}  // namespace tailrace::cli
