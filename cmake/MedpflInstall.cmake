# cmake --install makes a prefix that works wherever it is moved to. The program finds its libraries where the build found
# them; the manual page and the completion are what the program says of itself.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

set_target_properties(medpfl PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS medpfl RUNTIME DESTINATION bin)
install(DIRECTORY configs slurm DESTINATION share/medpfl USE_SOURCE_PERMISSIONS)
install(FILES jobs/tasks.sh DESTINATION share/medpfl/jobs)  # slurm/array.sbatch sources it
install(FILES LICENSE CITATION.cff CHANGELOG.md DESTINATION share/doc/medpfl)
install(CODE "
  execute_process(COMMAND \"${Python3_EXECUTABLE}\" \"${CMAKE_SOURCE_DIR}/cmake/man_page.py\" \"$<TARGET_FILE:medpfl>\"
                  OUTPUT_FILE \"${CMAKE_BINARY_DIR}/medpfl.1\" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND \"$<TARGET_FILE:medpfl>\" completion bash
                  OUTPUT_FILE \"${CMAKE_BINARY_DIR}/medpfl.bash\" COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_BINARY_DIR}/medpfl.1 DESTINATION share/man/man1)
install(FILES ${CMAKE_BINARY_DIR}/medpfl.bash DESTINATION share/bash-completion/completions RENAME medpfl)
