#include "core/text.hpp"
#include "core/version.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {

void write_head(h5::File* file, const FileHead& head) {
  file->write_attribute("/", "filetype", head.type);
  file->write_attribute("/", "schema_version", head.schema);
  file->write_attribute("/", "medpfl_version", version());
  file->write_attribute("/", "git_sha", git_commit());
  file->write_attribute("/", "created_utc", utc_time(head.created));
  file->write_attribute("/", "status", head.status);
}

}  // namespace medpfl
