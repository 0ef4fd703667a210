#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {

/// Collects what is wrong with a configuration, so that a user sees everything at once.
class Violations {
 public:
  void check(bool fine, const std::string& message) {
    if (!fine) lines_.push_back(message);
  }
  /// Runs `action` and notes its ConfigError, if any.
  void guard(const std::function<void()>& action) {
    try {
      action();
    } catch (const ConfigError& error) {
      lines_.emplace_back(error.what());
    }
  }
  bool any() const { return !lines_.empty(); }
  /// Throws ConfigError with what was noted, one problem a line, the first of many; does nothing
  /// where there is none.
  void throw_if_any() const {
    if (lines_.empty()) return;
    constexpr size_t kShown = 50;
    std::vector<std::string> shown(lines_.begin(),
                                   lines_.begin() + std::min(kShown, lines_.size()));
    if (lines_.size() > kShown)
      shown.push_back("and " + std::to_string(lines_.size() - kShown) + " more");
    throw ConfigError(join(shown, "\n"));
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace medpfl
