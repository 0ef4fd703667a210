#include "config/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>

#include "config/config.hpp"
#include "config/quotes.hpp"
#include "config/schema.hpp"
#include "core/violations.hpp"

namespace po = boost::program_options;

namespace medpfl {
namespace {

using Arguments = std::vector<std::string>;

std::vector<std::string> known_options() {
  std::vector<std::string> keys;
  for (const Section& section : config_sections())
    for (const OptionSpec& option : section.options)
      keys.push_back(section.name + "." + option.name);
  return keys;
}

po::options_description describe(const std::vector<OptionSpec>& flags) {
  po::options_description all;
  for (const OptionSpec& flag : flags)
    if (flag.kind == OptionSpec::Kind::kFlag)
      all.add_options()(flag.name.c_str(), "");
    else
      all.add_options()(flag.name.c_str(), po::value<std::string>(), "");
  for (const std::string& key : known_options())
    all.add_options()(key.c_str(), po::value<std::string>(), "");
  return all;
}

bool is_option(const std::string& word) { return word.rfind("--", 0) == 0; }

// Each option with the words behind it, so that a mistake in one hides no other. Boost takes no
// empty value behind "=", which is how a list is emptied, but it does as a word of its own.
std::vector<Arguments> split(const Arguments& arguments) {
  std::vector<Arguments> pieces;
  for (const std::string& argument : arguments) {
    const std::string word = argument == "-h" ? "--help" : argument;
    if (is_option(word) || pieces.empty()) pieces.emplace_back();
    const bool empties = is_option(word) && word.find('=') == word.size() - 1;
    pieces.back().push_back(empties ? word.substr(0, word.size() - 1) : word);
    if (empties) pieces.back().emplace_back();
  }
  return pieces;
}

std::string name_of(const std::string& word) {
  return word.substr(2, word.find('=') == std::string::npos ? word.npos : word.find('=') - 2);
}

class Parser {
 public:
  explicit Parser(const std::vector<OptionSpec>& flags)
      : flags_(flags), description_(describe(flags)) {}

  void read(const Arguments& piece) {
    namespace style = po::command_line_style;
    try {
      const auto parsed =
          po::command_line_parser(piece)
              .options(description_)
              .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
              .allow_unregistered()
              .run();
      bool skip = false;  // the word behind an unknown option is its value
      for (const po::option& option : parsed.options) {
        if (!option.string_key.empty())
          skip = add(option);
        else if (!std::exchange(skip, false))
          line_.words.push_back(option.original_tokens.front());
      }
    } catch (const po::error&) {
      const std::string name = name_of(piece.front());
      const bool value = piece.front().find('=') != std::string::npos;
      refuse(value ? fmt::format("--{} takes no value", name)
                   : fmt::format("option {} needs a value: --{}=...", name, name));
    } catch (const ConfigError& error) {
      refuse(fmt::format("--{}: {}", name_of(piece.front()), error.what()));
    }
  }

  CommandLine take() {
    if (!broken_) return std::move(line_);
    for (const auto& [name, value] : line_.options)
      if (!contains(known_options(), name)) refuse(describe_unknown(name, flags_));
    throw ConfigError(join(wrong_, "\n"));
  }

 private:
  static bool contains(const Arguments& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  }

  // Whether the next word belongs to it, as its value.
  bool add(const po::option& option) {
    const std::string& name = option.string_key;
    const bool flag = std::any_of(flags_.begin(), flags_.end(),
                                  [&](const OptionSpec& spec) { return spec.name == name; });
    const std::string value = option.value.empty()
                                  ? (flag ? "true" : "")
                                  : show_quoted(trim(hide_quoted(option.value.front())));
    if (flag)
      add_flag(name, value, !option.value.empty());
    else if (option.unregistered && name.find('.') == std::string::npos)
      refuse(describe_unknown(name, flags_));
    else
      line_.options.emplace_back(name, value);
    return option.unregistered && option.value.empty();
  }

  void add_flag(const std::string& name, const std::string& value, bool valued) {
    const bool twice = std::any_of(line_.flags.begin(), line_.flags.end(),
                                   [&](const auto& given) { return given.first == name; });
    if (valued && twice) return refuse(fmt::format("--{} is given twice", name));
    if (value.empty()) return refuse(fmt::format("option {} needs a value: --{}=...", name, name));
    if (!twice) line_.flags.emplace_back(name, value);
  }

  void refuse(const std::string& what) {
    broken_ = true;
    wrong_.push_back(fmt::format("{}: {}", kCommandLine, what));
  }

  const std::vector<OptionSpec>& flags_;
  po::options_description description_;
  CommandLine line_;
  Arguments wrong_;
  bool broken_ = false;
};

}  // namespace

CommandLine parse_command_line(const Arguments& arguments, const std::vector<OptionSpec>& flags) {
  Parser parser(flags);
  for (const Arguments& piece : split(arguments)) parser.read(piece);
  return parser.take();
}

std::string describe_unknown(const std::string& name, const std::vector<OptionSpec>& flags) {
  std::vector<std::string> known = known_options();
  std::string guess;
  // A name without its section.
  for (const std::string& key : known)
    if (guess.empty() && key.size() > name.size() &&
        key.compare(key.size() - name.size() - 1, std::string::npos, "." + name) == 0)
      guess = key;
  for (const OptionSpec& flag : flags) known.push_back(flag.name);
  if (guess.empty()) guess = nearest(name, known);
  const bool dashes = !guess.empty() && guess.find('.') == std::string::npos;
  return fmt::format("unknown option '{}{}'{}", dashes ? "--" : "", name,
                     guess.empty()
                         ? "; see medpfl simulate --help"
                         : fmt::format(" (did you mean {}{}?)", dashes ? "--" : "", guess));
}

}  // namespace medpfl
