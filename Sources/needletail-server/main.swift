import Glibc
import Server

exit(Server.main(CommandLine.arguments))
