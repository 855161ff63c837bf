schtasks /Create /TN genretag /SC DAILY /ST 03:00 /TR "cmd /c genretag scan --quiet \"%USERPROFILE%\Music\" >> \"%LOCALAPPDATA%\genretag-news.txt\" 2>&1"
