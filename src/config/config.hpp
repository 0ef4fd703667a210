#pragma once
#include <map>
#include <string>
#include <vector>

#include "config/command_line.hpp"
#include "core/options.hpp"

namespace medpfl {

/// The resolved configuration: every option, its value and where that came from.
class Config {
 public:
  struct Entry {
    std::string value;
    std::string source;  ///< "default", "command line", or the file's name
    int line = 0;        ///< line in the file, from 1; 0 where there is no file
    /// Returns the source for a message: "a.ini:3".
    std::string where() const;
  };

  /// Starts with the defaults of all options.
  Config();
  /// Takes over the options of an INI text, which `source` names. Throws ConfigError with all that
  /// is wrong with it, each with its line: what is no INI, options given twice, unknown options
  /// with the nearest known.
  void read_text(const std::string& text, const std::string& source);
  /// Takes over the options of a command line. Throws ConfigError with all that are unknown, and
  /// with words that are no options.
  void read(const CommandLine& line);
  /// Takes over the options in words that hold no flags, such as "--run.seed=3" or "--run.seed 3".
  void read_arguments(const std::vector<std::string>& arguments);

  /// Sets one option. Throws ConfigError, with the nearest known name, where the option is unknown.
  void assign(const std::string& key, const std::string& value, const std::string& source);
  /// Sets an option back to its default.
  void unset(const std::string& key);

  /// Returns everything that is wrong with single values, one line each; nothing where all are
  /// fine.
  std::vector<std::string> violations() const;

  /// Returns the values of the options of one section, such as "attack.idlg".
  OptionValues section(const std::string& name) const;
  /// Returns all options by their full names, "section.option".
  const std::map<std::string, Entry>& entries() const { return entries_; }
  /// Returns one line for each option that differs from another configuration and is not in
  /// `except`, such as "a.b: here '1', there '2'".
  std::vector<std::string> differences(const Config& other,
                                       const std::vector<std::string>& except) const;
  /// Returns INI text that reads back to the same configuration; `comments` adds help and source.
  std::string to_ini(bool comments) const;
  /// Returns INI text of the options that somebody set: those that are no defaults by their source.
  std::string set_options() const;

 private:
  void set(const std::string& key, const std::string& value, const std::string& source);
  std::map<std::string, Entry> entries_;  // "section.option"
};

/// The source of options that nobody set.
inline const std::string kDefault = "default";

/// The source of options that a command line gave.
inline const std::string kCommandLine = "command line";

/// Returns the text of the file that `flag` names. Throws ConfigError where it cannot be read.
std::string read_config_text(const std::string& path, const std::string& flag = "--config");

}  // namespace medpfl
