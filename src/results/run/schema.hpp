#pragma once
#include <cstdint>
#include <string>

namespace medpfl {

inline const std::string kFileType = "medpfl-run";
inline constexpr int64_t kSchemaMajor = 1, kSchemaMinor = 6;
inline const std::string kCheckpointType = "medpfl-checkpoint";

inline const std::string kSweepFileType = "medpfl-sweep";
inline constexpr int64_t kSweepSchemaMajor = 1, kSweepSchemaMinor = 3;

inline const std::string kAuditFileType = "medpfl-audit";
inline constexpr int64_t kAuditSchemaMajor = 1, kAuditSchemaMinor = 2;

}  // namespace medpfl
