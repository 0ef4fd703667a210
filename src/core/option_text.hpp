#pragma once
#include <cstdint>
#include <string>

namespace medpfl {

/// The value that `text` is written for. Throws ConfigError that names the option.
int64_t parse_integer(const std::string& name, const std::string& text);
double parse_real(const std::string& name, const std::string& text);
bool parse_flag(const std::string& name, const std::string& text);

}  // namespace medpfl
