E:


for %%i in ("E:\*.cmd") do if not "%%i" == "E:\windows.cmd" cmd /c %%i

EXIT
        