#pragma once
#include <cstdint>
#include <type_traits>

namespace medpfl {

/// What an entry of an Archive holds. The numbers are those in the bytes and never change.
enum class ArchiveKind : uint8_t {
  kGroup = 1,  ///< entries with names
  kList = 2,   ///< entries without names, in order
  kText = 3,
  kNothing = 4,  ///< the value is absent
  kInt64 = 5,
  kUint64 = 6,
  kFloat64 = 7,
  kFloat32 = 8,
  kUint8 = 9,
  kBool = 10,
};

/// Returns the kind of numbers of C++ type T; other types do not compile. Enumerations are kept as
/// the integers behind them.
template <class T>
constexpr ArchiveKind archive_kind() {
  if constexpr (std::is_enum_v<T>) {
    return archive_kind<std::underlying_type_t<T>>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return ArchiveKind::kBool;
  } else if constexpr (std::is_same_v<T, float>) {
    return ArchiveKind::kFloat32;
  } else if constexpr (std::is_same_v<T, double>) {
    return ArchiveKind::kFloat64;
  } else if constexpr (std::is_same_v<T, uint8_t>) {
    return ArchiveKind::kUint8;
  } else {
    static_assert(std::is_integral_v<T> && sizeof(T) == 8, "use a type that files have");
    return std::is_signed_v<T> ? ArchiveKind::kInt64 : ArchiveKind::kUint64;
  }
}

/// Whether T is one number.
template <class T>
inline constexpr bool kIsNumber = std::is_arithmetic_v<T> || std::is_enum_v<T>;

}  // namespace medpfl
