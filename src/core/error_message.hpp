#pragma once
#include <exception>
#include <string>

namespace medpfl {

/// Returns what an error says, without the stack of C++ calls that LibTorch appends, which says
/// nothing to a user.
std::string message_of(const std::exception& error);

}  // namespace medpfl
