#pragma once
#include <gtest/gtest.h>

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

/// Expects that `action` throws the error E, with a message that holds `part`.
template <class E = ConfigError, class Action>
void expect_refused(const Action& action, const std::string& part) {
  const std::string message = refusal<E>(action);
  EXPECT_NE(message.find(part), std::string::npos) << "refused by '" << message << "'";
}

}  // namespace medpfl
