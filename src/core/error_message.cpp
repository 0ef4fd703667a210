#include "core/error_message.hpp"

namespace medpfl {

std::string message_of(const std::exception& error) {
  const std::string message = error.what();
  return message.substr(0, message.find("\nException raised from"));
}

}  // namespace medpfl
