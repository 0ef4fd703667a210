#include "config/ini.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>

#include "config/quotes.hpp"

namespace po = boost::program_options;

namespace medpfl {
namespace {

const char* const kByteOrderMark = "\xEF\xBB\xBF";

// Boost tells no line numbers, so it reads one line at a time, under the header of its section.
std::vector<po::option> parse_line(const std::string& section, const std::string& line) {
  std::istringstream text((section.empty() ? "" : "[" + section + "]\n") + line);
  return po::parse_config_file(text, po::options_description(), true).options;
}

class IniReader {
 public:
  IniReader(std::string source, Violations* wrong) : source_(std::move(source)), wrong_(wrong) {}

  void read_line(std::string_view raw) {
    ++line_;
    wrong_->guard([&] {
      try {
        read(trim(hide_quoted_and_cut_comment(raw)));
      } catch (const po::error&) {
        refuse(trim(raw));
      } catch (const ConfigError& error) {
        throw ConfigError(fmt::format("{}:{}: {}", source_, line_, error.what()));
      }
    });
  }

  std::vector<IniSection> take() { return std::move(sections_); }

 private:
  void read(const std::string& line) {
    if (line.empty()) return;
    if (line.front() == '[') {
      const std::string name =
          line.back() == ']' ? trim(std::string_view(line).substr(1, line.size() - 2)) : "";
      if (name.empty()) throw ConfigError(fmt::format("'{}' is not a section: [NAME]", line));
      sections_.push_back({name, line_, {}});
      return;
    }
    if (sections_.empty()) sections_.emplace_back();
    IniSection& section = sections_.back();
    const bool dotted = section.name.empty() || section.name.back() == '.';
    const size_t prefix = section.name.size() + (dotted ? 0 : 1);
    for (const po::option& option : parse_line(section.name, line))
      section.options.push_back(
          {option.string_key.substr(prefix), trim(join(option.value, " ")), line_});
  }

  [[noreturn]] void refuse(const std::string& line) const {
    throw ConfigError(
        fmt::format("{}:{}: '{}' is no line of a configuration: write [section], "
                    "option = value, or # and a comment",
                    source_, line_, line));
  }

  std::string source_;
  Violations* wrong_;
  int line_ = 0;
  std::vector<IniSection> sections_;
};

}  // namespace

std::vector<IniSection> read_ini(const std::string& text, const std::string& source,
                                 Violations* wrong) {
  IniReader reader(source, wrong);
  if (text.find('\0') != std::string::npos) {
    wrong->check(
        false,
        fmt::format("{}: holds zero bytes, as text in UTF-16 does; save it as UTF-8", source));
    return {};
  }
  const size_t begin = text.rfind(kByteOrderMark, 0) == 0 ? 3 : 0;
  std::string content = text.substr(begin);
  if (content.find('\n') == std::string::npos)  // line ends of the classic Mac OS
    std::replace(content.begin(), content.end(), '\r', '\n');
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) reader.read_line(line);
  return reader.take();
}

}  // namespace medpfl
