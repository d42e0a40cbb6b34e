# SPDX-License-Identifier: GPL-3.0-or-later
# Compiles ACPI source to the inside of a C array; iasl speaks only when it refuses.
# cmake -DIASL=iasl -DASL=in.asl -DPREFIX=out -P compile_asl.cmake   makes out_aml.inc
execute_process(COMMAND ${IASL} -vs -vr -we -p ${PREFIX} ${ASL}
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${output}")
endif()
file(READ ${PREFIX}.aml hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${PREFIX}_aml.inc "${bytes}\n")
