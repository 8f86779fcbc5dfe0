import Server
try runServer(port: 7011)
