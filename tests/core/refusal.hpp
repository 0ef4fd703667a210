#pragma once
#include <string>

#include "core/error.hpp"

namespace medpfl {

/// Returns the message of the error E that `action` throws, "" where it throws none. Errors of
/// other kinds pass through.
template <class E = ConfigError, class Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

}  // namespace medpfl
