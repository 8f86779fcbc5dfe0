import Server
import Glibc
var port: UInt16 = 7011
for (i, a) in CommandLine.arguments.enumerated() where a == "--port" { port = UInt16(CommandLine.arguments[i + 1])! }
try runServer(port: port)
